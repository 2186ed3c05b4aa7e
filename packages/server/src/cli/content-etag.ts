import { createHash } from 'node:crypto'
import type { FileSource } from '@partway/client/node'
import { normalizeEtag, planChunks } from '@partway/protocol'

const MiB = 1024 * 1024
const PIECE = MiB

/** The ETag of content: a digest of the chunks' digests, and how many there are. */
export interface ContentEtag {
  digest: string
  chunks: number
  kind: DigestKind
}

/** SHA-256 of their texts in a folder, MD5 of their bytes on S3. */
export type DigestKind = 'sha256' | 'md5'

const KINDS: Record<number, DigestKind> = { 64: 'sha256', 32: 'md5' }

/** `undefined` for ETags that cannot be computed from the file alone. */
export function parseContentEtag(header: string): ContentEtag | undefined {
  const [, digest = '', chunks] =
    /^([0-9a-f]{32}|[0-9a-f]{64})-([1-9]\d{0,4})$/.exec(normalizeEtag(header)) ?? []
  const kind = KINDS[digest.length]
  return kind && { digest, chunks: Number(chunks), kind }
}

/** Chunk sizes with which a file of `size` bytes has so many chunks: the planned one first. */
export function chunkSizesFor(size: number, chunks: number): number[] {
  // However large the only chunk may be, it is the whole file.
  if (chunks === 1) return [size]
  const sizes = [planChunks(size).chunkSize, 5 * MiB]
  // Files that came without a length were cut as the largest that may come.
  for (let chunkSize = 8 * MiB; chunkSize <= 1024 * MiB; chunkSize *= 2) sizes.push(chunkSize)
  return [...new Set(sizes)].filter((chunkSize) => Math.ceil(size / chunkSize) === chunks)
}

/** The digests of a file for each chunk size, from reading it once. */
export async function contentDigests(
  source: Pick<FileSource, 'size' | 'read'>,
  chunkSizes: number[],
  kind: DigestKind,
): Promise<string[]> {
  const digests = chunkSizes.map((chunkSize) => createContentDigest(chunkSize, kind))
  const memory = new Uint8Array(Math.min(PIECE, source.size))
  for (let start = 0; start < source.size; start += PIECE) {
    const end = Math.min(start + PIECE, source.size)
    const bytes = await source.read(start, end, memory.subarray(0, end - start))
    for (const { update } of digests) update(bytes)
  }
  return digests.map(({ end }) => end())
}

function createContentDigest(chunkSize: number, kind: DigestKind) {
  const whole = createHash(kind)
  let chunk = createHash(kind)
  let filled = 0

  function endChunk(): void {
    whole.update(kind === 'sha256' ? chunk.digest('hex') : chunk.digest())
    chunk = createHash(kind)
    filled = 0
  }

  return {
    update(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.byteLength; ) {
        const part = bytes.subarray(at, at + chunkSize - filled)
        chunk.update(part)
        at += part.byteLength
        filled += part.byteLength
        if (filled === chunkSize) endChunk()
      }
    },
    end(): string {
      if (filled > 0) endChunk()
      return whole.digest('hex')
    },
  }
}
