import { execFile } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MiB } from '../../../server/test/support/program-api.ts'

const run = promisify(execFile)

/** A film that plays, `seconds` long. */
export async function makeFilm(path: string, seconds = 6): Promise<void> {
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=25:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=330:duration=${seconds}`],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
    ...['-movflags', '+faststart', '-shortest', path],
  ])
}

/** A still picture of soft colours, so that lists look as they do with real films. */
export async function makeScene(path: string, filter: string, seconds = 4): Promise<void> {
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `${filter},format=yuv420p`, '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'veryfast', path],
  ])
}

/**
 * Writes a film that plays, with a `free` box of random bytes at its end that makes it `size`
 * bytes (ISO/IEC 14496-12 section 8.1.2). Returns its SHA-256.
 */
export async function writeBigFilm(path: string, size: number): Promise<string> {
  const small = join(path, '..', 'small.mp4')
  await makeFilm(small)
  const film = await readFile(small)
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  const write = async (bytes: Uint8Array) => {
    hash.update(bytes)
    await file.writeFile(bytes)
  }
  try {
    await write(film)
    const box = Buffer.alloc(8)
    box.writeUInt32BE(size - film.byteLength)
    box.write('free', 4, 'latin1')
    await write(box)
    for (let left = size - film.byteLength - box.byteLength; left > 0; left -= MiB) {
      await write(randomFillSync(Buffer.alloc(Math.min(left, MiB))))
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
