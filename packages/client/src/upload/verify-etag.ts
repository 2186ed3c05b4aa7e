import { UploadError } from '../error.ts'
import type { Platform } from '../platform.ts'

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
): void {
  const ours = /^[0-9a-f]{64}$/.test(etag)
    ? sha256
    : /^[0-9a-f]{32}$/.test(etag)
      ? md5?.(bytes)
      : undefined
  if (ours === undefined || ours === etag) return
  throw new UploadError('The store has other bytes than were sent.', { code: 'digest_mismatch' })
}

/** A `Content-Digest` header (RFC 9530), or none. */
export function digestHeader(sha256: string | undefined): Record<string, string> {
  if (sha256 === undefined) return {}
  const bytes = sha256.replace(/../g, (hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return { 'content-digest': `sha-256=:${btoa(bytes)}:` }
}
