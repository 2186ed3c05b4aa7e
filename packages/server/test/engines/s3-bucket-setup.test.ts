import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutBucketCorsCommand, PutBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import { begun, bytesFor } from '../contract/bodies.ts'
import { s3Client, s3Missing, s3Options } from '../support/s3.ts'
import { throughUrls } from '../support/s3-put.ts'

const PAGE = join(import.meta.dirname, '../../../../docs/s3.md')

/** A block of JSON on the page about S3. */
async function fromPage(name: string) {
  const [, text] =
    new RegExp(`\`\`\`json ${name}\n(.*?)\`\`\``, 's').exec(await readFile(PAGE, 'utf8')) ?? []
  return JSON.parse(text!)
}

describe.skipIf(s3Missing)('a bucket that is set up as docs/s3.md says', () => {
  it('lets web pages put chunks and read their ETags', async () => {
    const options = await s3Options()
    const store = openS3Store(options)
    await s3Client().send(
      new PutBucketCorsCommand({
        ...{ Bucket: options.bucket, CORSConfiguration: await fromPage('cors') },
      }),
    )
    const upload = await begun(throughUrls(store))
    const context = { origin: '', expiresAt: Date.now() + 60_000 }
    const url = (await store.presign(upload, [1], context)).urls[0]!
    const origin = 'https://app.example.com'

    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        ...{ origin, 'access-control-request-method': 'PUT' },
        'access-control-request-headers': 'content-digest,content-type',
      },
    })
    const put = await fetch(url, {
      ...{ method: 'PUT', body: Uint8Array.from(bytesFor(upload, 1)), headers: { origin } },
    })

    expect(preflight.status).toBe(200)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
    expect(put.status).toBe(200)
    expect(put.headers.get('access-control-expose-headers')).toContain('ETag')
    const stranger = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://other.example.com', 'access-control-request-method': 'PUT' },
    })
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('lets players of any origin read, also after a redirect', async () => {
    const options = await s3Options()
    const store = throughUrls(openS3Store(options))
    await s3Client().send(
      new PutBucketCorsCommand({
        ...{ Bucket: options.bucket, CORSConfiguration: await fromPage('cors') },
      }),
    )
    const upload = await begun(store, 5, 5)
    const url = await store.presignRead!(upload.assetId, undefined, {
      ...{ expiresAt: Date.now() + 60_000, contentType: 'video/mp4', disposition: undefined },
    })
    const response = await fetch(url, { headers: { origin: 'null', range: 'bytes=0-1' } })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('takes the rule for abandoned uploads', async () => {
    const { bucket: Bucket } = await s3Options()
    const LifecycleConfiguration = await fromPage('lifecycle')
    const rule = new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration })
    expect((await s3Client().send(rule)).$metadata.httpStatusCode).toBe(200)
  })
})
