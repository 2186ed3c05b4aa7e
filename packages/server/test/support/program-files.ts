import { createHash, randomFillSync } from 'node:crypto'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MiB } from './program-api.ts'

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/** Random bytes that begin like an MP4 file, so that the asset becomes ready. */
export function randomVideo(size: number): Uint8Array<ArrayBuffer> {
  const bytes = randomFillSync(new Uint8Array(size))
  const box = Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp42', 'latin1')
  bytes.set(box.subarray(0, size))
  return bytes
}

/** What comes before the samples of a WAV file of `size` bytes: with it, noise is a sound. */
function wavHeader(size: number): Buffer {
  const header = Buffer.from('RIFF....WAVEfmt ....................data....', 'latin1')
  header.writeUInt32LE(size - 8, 4)
  header.writeUInt32LE(16, 16)
  // PCM, two channels of 16 bits, 48 kHz.
  for (const [at, value] of [1, 2].entries()) header.writeUInt16LE(value, 20 + 2 * at)
  header.writeUInt32LE(48_000, 24)
  header.writeUInt32LE(48_000 * 4, 28)
  for (const [at, value] of [4, 16].entries()) header.writeUInt16LE(value, 32 + 2 * at)
  header.writeUInt32LE(size - header.byteLength, 40)
  return header
}

/** Noise that can be heard: the asset becomes ready when its content was read, too. */
export function randomSound(size: number): Uint8Array<ArrayBuffer> {
  const bytes = randomFillSync(new Uint8Array(size))
  bytes.set(wavHeader(size))
  return bytes
}

/**
 * Writes a file of random bytes, a piece at a time; returns its SHA-256. One that is called `.wav`
 * is a sound.
 */
export async function writeRandomFile(path: string, size: number): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx')
  try {
    for (let left = size; left > 0; left -= MiB) {
      const piece = randomVideo(Math.min(left, MiB))
      if (left === size && path.endsWith('.wav')) piece.set(wavHeader(size))
      hash.update(piece)
      await file.writeFile(piece)
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

/** The SHA-256 of what is at `url`. */
export async function fetchSha256(url: string): Promise<string> {
  // A connection kept from the last time may be closed in the moment it is used again.
  const response = await fetch(url, { headers: { connection: 'close' } })
  if (!response.ok) throw new Error(`GET of the content: ${response.status}`)
  const hash = createHash('sha256')
  for await (const piece of response.body!) hash.update(piece)
  return hash.digest('hex')
}

/** Where a server with the embedded store keeps bytes. */
export function storeOf(data: string) {
  const store = join(data, 'store')
  /** What is in a folder; nothing when it is not there. */
  const names = (...path: string[]): Promise<string[]> =>
    readdir(join(store, ...path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
  return {
    path: store,
    /** The folders of uploads that are not sealed. */
    uploads: () => names('uploads'),
    /** The files of one upload. */
    bodies: (uploadId: string) => names('uploads', uploadId),
    /** The folders of sealed assets. */
    objects: () => names('objects'),
    /** The files of one sealed asset. */
    parts: (assetId: string) => names('objects', assetId),
  }
}
