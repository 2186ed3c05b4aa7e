import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { expectS3Error } from '../support/http-expect.ts'
import { createUpload, putChunk, sha256 } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const BYTES = Buffer.from('one!')
const base64 = (algorithm: string, bytes: Buffer) =>
  createHash(algorithm).update(bytes).digest('base64')
const SHA256 = base64('sha256', BYTES)

async function putWith(digest: string, bytes = BYTES) {
  await using world = await createWorld()
  const { upload_urls: urls } = await createUpload(world, { size: BYTES.byteLength })
  const put = (headers = {}) => putChunk(world, urls[0]!.url, bytes, { headers })
  return { first: await put({ 'content-digest': digest }), again: await put() }
}

describe('a PUT with Content-Digest', () => {
  test.each([
    `sha-256=:${SHA256}:`,
    `SHA-256=:${SHA256}:`,
    ` sha-256=:${SHA256}: `,
    `sha-512=:${base64('sha512', BYTES)}:, sha-256=:${SHA256}:`,
    `sha-256=:${SHA256}:,md5=:${base64('md5', BYTES)}:`,
  ])('is stored when the bytes have it: %s', async (digest) => {
    const { first } = await putWith(digest)
    expect(first.statusCode, first.body).toBe(200)
    expect(first.headers.etag).toBe(`"${sha256(BYTES)}"`)
  })

  test.each([`sha-512=:${base64('sha512', BYTES)}:`, 'md5=:AAAA:', 'unixsum=30637', ''])(
    'is stored when it names no SHA-256: %j',
    async (digest) => {
      const { first } = await putWith(digest)
      expect(first.statusCode, first.body).toBe(200)
    },
  )

  test('is refused when the bytes have another, and nothing is in the way of the next', async () => {
    const { first, again } = await putWith(`sha-256=:${base64('sha256', Buffer.from('two!'))}:`)
    expectS3Error(first, 400, 'BadDigest')
    expect(again.statusCode).toBe(200)
  })

  test.each([
    'sha-256=',
    'sha-256=::',
    `sha-256=${SHA256}`,
    `sha-256=:${SHA256}`,
    'sha-256=:AAAA:',
    `sha-256=:${base64('sha512', BYTES)}:`,
    `sha-256=:${SHA256.replace('=', '*')}:`,
    `sha-256=:${'é'.repeat(44)}:`,
  ])('is refused before its body is read when it is no digest: %s', async (digest) => {
    const { first } = await putWith(digest)
    expectS3Error(first, 400, 'InvalidDigest')
  })
})
