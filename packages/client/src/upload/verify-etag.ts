import { UploadError } from '../error.ts'
import type { ChunkAnswer, Platform } from '../platform.ts'

/**
 * Compares what the store says it has with what we sent, where its ETag is a digest: SHA-256 on a
 * file store, MD5 on S3. Others prove nothing and are taken as they are.
 *
 * @throws UploadError `digest_mismatch`
 */
export function verifyEtag(
  etag: string,
  sha256: string | undefined,
  bytes: Uint8Array<ArrayBuffer>,
  { md5 }: Platform,
  answer: ChunkAnswer,
): void {
  // Headers last: a browser complains of each that the bucket does not let it read.
  const ours = /^[0-9a-f]{64}$/.test(etag)
    ? sha256
    : md5 && /^[0-9a-f]{32}$/.test(etag) && !isEncrypted(answer)
      ? md5(bytes)
      : undefined
  if (ours === undefined || ours === etag) return
  throw new UploadError('The store has other bytes than were sent.', { code: 'digest_mismatch' })
}

/** S3's ETags are no MD5 of what it encrypts with other keys than its own, but look like one. */
const isEncrypted = ({ header }: ChunkAnswer): boolean =>
  header('x-amz-server-side-encryption')?.startsWith('aws:kms') === true ||
  header('x-amz-server-side-encryption-customer-algorithm') !== undefined

const CHUNK_DOOR = /\/chunks\/[0-9a-f]{24}\/\d+$/

/**
 * A `Content-Digest` header (RFC 9530) for the chunk door of a Partway server, or none: buckets need
 * not let pages send headers that they do not know.
 */
export function digestHeader(url: string, sha256: string | undefined): Record<string, string> {
  if (sha256 === undefined || !CHUNK_DOOR.test(new URL(url).pathname)) return {}
  const bytes = sha256.replace(/../g, (hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return { 'content-digest': `sha-256=:${btoa(bytes)}:` }
}
