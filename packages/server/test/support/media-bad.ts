import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeBox, rewriteBox, topBoxes } from './media-boxes.ts'

/** Writes a file of these bytes and returns its path. */
export async function write(
  folder: string,
  name: string,
  content: Uint8Array | string,
): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

/** The first part of a file, as after an upload that broke off. */
export async function cut(path: string, share: number, name: string): Promise<string> {
  const bytes = await readFile(path)
  return write(join(path, '..'), name, bytes.subarray(0, Math.floor(bytes.length * share)))
}

/** An MP4 that cannot be decoded: all its media data is noise. */
export async function scramble(path: string, name: string): Promise<string> {
  const bytes = await readFile(path)
  for (const { type, at, length } of topBoxes(bytes)) {
    if (type === 'mdat') randomBytes(length - 8).copy(bytes, at + 8)
  }
  return write(join(path, '..'), name, bytes)
}

/** An MP4 with `moov` last whose media data is said to be at `url`. */
export async function referTo(path: string, url: string, name: string): Promise<string> {
  const bytes = await readFile(path)
  const movie = topBoxes(bytes).find(({ type }) => type === 'moov')!
  const location = makeBox('url ', Buffer.alloc(4), Buffer.from(`${url}\0`))
  const count = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1])
  const referring = rewriteBox(bytes.subarray(movie.at), (type) =>
    type === 'dref' ? makeBox('dref', count, location) : undefined,
  )
  return write(join(path, '..'), name, Buffer.concat([bytes.subarray(0, movie.at), referring]))
}

/** An MP4 whose pictures are coded as nobody has heard of. */
export async function recode(path: string, name: string): Promise<string> {
  const bytes = await readFile(path)
  bytes.write('zzzz', bytes.lastIndexOf('avc1'), 'latin1')
  return write(join(path, '..'), name, bytes)
}

/** A playlist of HLS. */
export function playlist(url: string): string {
  return `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${url}\n#EXT-X-ENDLIST\n`
}
