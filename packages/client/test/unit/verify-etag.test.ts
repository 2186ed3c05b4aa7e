import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Platform } from '../../src/platform.ts'
import { verifyEtag } from '../../src/upload/verify-etag.ts'

const BYTES = new Uint8Array([1, 2, 3])
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')
const sha256 = createHash('sha256').update(BYTES).digest('hex')

function verify(etag: string, headers: Record<string, string> = {}, platform: object = { md5 }) {
  const answer = { status: 200, header: (name: string) => headers[name], text: '' }
  return () => verifyEtag(etag, sha256, BYTES, platform as Platform, answer)
}

describe('an ETag', () => {
  it('that is the digest of what was sent is taken', () => {
    expect(verify(sha256)).not.toThrow()
    expect(verify(md5(BYTES))).not.toThrow()
  })

  it.each([
    ['SHA-256', 'a'.repeat(64)],
    ['MD5', 'a'.repeat(32)],
  ])('that is the %s of something else is refused', (_, etag) => {
    expect(verify(etag)).toThrowError(expect.objectContaining({ code: 'digest_mismatch' }))
  })

  it.each([
    ['is of several parts', `${'a'.repeat(32)}-2`, {}, { md5 }],
    ['is opaque', '0x8DCABC', {}, { md5 }],
    [
      'is of bytes encrypted with a key of KMS',
      'a'.repeat(32),
      { 'x-amz-server-side-encryption': 'aws:kms' },
      { md5 },
    ],
    [
      'is of bytes encrypted with a key of the client',
      'a'.repeat(32),
      { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      { md5 },
    ],
    ['would be MD5, where that cannot be computed', 'a'.repeat(32), {}, {}],
  ])('that %s proves nothing, and is taken', (_, etag, headers, platform) => {
    expect(verify(etag, headers as Record<string, string>, platform)).not.toThrow()
  })
})
