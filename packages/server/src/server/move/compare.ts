import { createHash, hash } from 'node:crypto'
import { chunkOffset } from '@partway/protocol'
import type { ChunkStore } from '../../core/ports.ts'
import type { Claim, SealedObject, Upload } from '../../core/types.ts'

/** The ETag that S3 gives an object of these parts: the MD5 of their MD5s, and how many there are. */
export function multipartEtag(md5s: string[]): string {
  return `${hash('md5', Buffer.from(md5s.join(''), 'hex'), 'hex')}-${md5s.length}`
}

/** SHA-256, 64 lower-case hex digits. */
export async function digestOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const sum = createHash('sha256')
  for await (const piece of body) sum.update(piece)
  return sum.digest('hex')
}

/**
 * Whether a sealed object has the bytes it should. By its ETag where that is the one S3 would give
 * it; some stores and some encryptions give others, and then all of it is read and compared.
 *
 * @param chunks with their SHA-256 as ETag, in order
 * @param md5s of the same chunks
 */
export async function hasBytes(
  store: Pick<ChunkStore, 'open' | 'size'>,
  { ref, etag }: SealedObject,
  upload: Upload,
  { chunks, md5s }: { chunks: Claim[]; md5s: string[] },
): Promise<boolean> {
  if ((await store.size(ref)) !== upload.totalSize) return false
  if (etag === multipartEtag(md5s)) return true
  for (const { index, etag: expected, size } of chunks) {
    const start = chunkOffset(upload, index)
    const found = await digestOf(store.open(ref, { start, end: start + size - 1 }))
    if (found !== expected) return false
  }
  return true
}
