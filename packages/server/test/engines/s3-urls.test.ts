import { describe, expect, it, vi } from 'vitest'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import type { ChunkStore } from '../../src/core/ports.ts'
import { begun, bytesFor, chunkOf } from '../contract/bodies.ts'
import { s3Missing, s3Options } from '../support/s3.ts'
import { putTo, throughUrls } from '../support/s3-put.ts'

const MINUTE = 60_000

describe.skipIf(s3Missing)('the URLs of chunks on Ceph', () => {
  const presigned = async (store: ChunkStore, lifeMs = MINUTE) => {
    const upload = await begun(throughUrls(store))
    const expiresAt = Date.now() + lifeMs
    const { urls } = await store.presign(upload, [1, 2, 3], { origin: '', expiresAt })
    return { upload, urls }
  }

  it('take exactly the bytes that were planned, and again what was taken before', async () => {
    const store = openS3Store(await s3Options())
    const { upload, urls } = await presigned(store)
    for (const [i, url] of [...urls, urls[0]!].entries()) {
      const bytes = bytesFor(upload, (i % 3) + 1)
      expect(await putTo(url, bytes)).toMatchObject({ status: 200, code: undefined })
    }
  })

  it.each([999, 1001, 0, 1])('refuse %i bytes instead of 1000', async (size) => {
    const store = openS3Store(await s3Options())
    const { upload, urls } = await presigned(store)
    const answer = await putTo(urls[0]!, new Uint8Array(size))
    expect(answer.status).toBe(403)
    const claim = { ...chunkOf(1, { etag: answer.etag, size }) }
    expect(await store.stat(upload, [claim])).toEqual(new Map())
  })

  it('are refused once they have expired', async () => {
    const store = openS3Store(await s3Options())
    const { upload, urls } = await presigned(store, 6000)
    expect((await putTo(urls[0]!, bytesFor(upload, 1))).status).toBe(200)
    await expect
      .poll(async () => (await putTo(urls[1]!, bytesFor(upload, 2))).status, { timeout: 30_000 })
      .toBe(403)
  })

  it('are refused when anything in them is altered', async () => {
    const store = openS3Store(await s3Options())
    const { upload, urls } = await presigned(store)
    const url = urls[0]!
    const altered = [
      url.replace('partNumber=1', 'partNumber=2'),
      url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=604800'),
      url.replace(/X-Amz-Date=(\d+)T/, 'X-Amz-Date=20200101T'),
      url.replace(/objects\/[0-9a-f]{24}/, `objects/${'0'.repeat(24)}`),
      url.replace(/X-Amz-Signature=./, 'X-Amz-Signature=g'),
      url.replace('content-length%3Bhost', 'host'),
      url.replace('UNSIGNED-PAYLOAD', 'X'),
      `${url}&acl=`,
    ]
    for (const other of altered) {
      expect(other).not.toBe(url)
      expect((await putTo(other, bytesFor(upload, 1))).status, other).toBe(403)
    }
    expect((await fetch(url)).status).toBe(403)
    expect((await putTo(url, bytesFor(upload, 1))).status).toBe(200)
  })

  it('work although our clock is twenty minutes off', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 20 * MINUTE })
    try {
      const store = openS3Store(await s3Options({ clock: Date.now }))
      const { upload, urls } = await presigned(store)
      expect((await putTo(urls[0]!, bytesFor(upload, 1))).status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
  })
})
