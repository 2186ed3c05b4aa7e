import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createContentLinks } from '../../src/core/links.ts'
import { HOUR } from '../contract/samples.ts'
import { CHUNK, chunksOf } from '../support/program-api.ts'
import { s3Missing } from '../support/s3.ts'
import { createS3World } from '../support/s3-world.ts'

describe.skipIf(s3Missing)('an upload to Ceph, by the API', () => {
  const bytes = randomBytes(2 * CHUNK + 12_345)

  it('goes straight to the bucket and comes back from it', async () => {
    await using world = await createS3World()
    const { status, body, created } = await world.upload(bytes)
    expect(status).toBe(200)
    expect(body).toMatchObject({ total_completed: 3, processed_chunks: 3 })
    for (const { url } of created.upload_urls) expect(url).toContain(world.options.endpoint)

    const response = await fetch(body.url)
    expect(response.redirected).toBe(true)
    expect(response.url.startsWith(world.options.endpoint!)).toBe(true)
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('tells when its URLs expire', async () => {
    await using world = await createS3World()
    const { created } = await world.upload(bytes)
    for (const { url, expires_at } of created.upload_urls) {
      const query = new URL(url).searchParams
      const date = query
        .get('X-Amz-Date')!
        .replace(/(....)(..)(...)(..)(..)(...)/, '$1-$2-$3$4:$5:$6')
      const end = Date.parse(date) + Number(query.get('X-Amz-Expires')) * 1000
      expect(end).toBe(Date.parse(expires_at))
    }
  })

  it('fails when a chunk was overwritten after its report, and says which', async () => {
    await using world = await createS3World()
    const created = await world.create(bytes.byteLength)
    const [first, second, third] = chunksOf(bytes)
    const sendAndReport = async (index: number, chunk: Uint8Array) =>
      world.report(created, await world.send(created, index, chunk))
    expect((await sendAndReport(1, first!)).status).toBe(200)
    expect((await sendAndReport(2, second!)).status).toBe(200)
    await world.send(created, 2, randomBytes(CHUNK))

    const last = await sendAndReport(3, third!)

    const reason = 'Chunk 2 was overwritten after it was reported; start a new upload.'
    expect(last).toMatchObject({ status: 400, body: { code: 'parameter_invalid' } })
    expect(last.body.message).toContain(reason)
    const asset = await world.json('GET', `/assets/${created.asset_id}`)
    expect(asset.body).toMatchObject({ status: 'failed', error: { message: reason } })
  })

  it('is answered with a redirect that no cache keeps, and ranges work behind it', async () => {
    await using world = await createS3World({ PARTWAY_CORS_ORIGINS: '*' })
    const { body } = await world.upload(bytes, 'Ferien über "alles".mp4')
    const get = (headers: Record<string, string>, method = 'GET') =>
      fetch(body.url, { method, headers, redirect: 'manual' })

    const redirect = await get({ range: 'bytes=5-9', origin: 'https://app.example.com' })
    expect(redirect.status).toBe(302)
    expect(redirect.headers.get('cache-control')).toBe('no-store')
    expect(redirect.headers.get('access-control-allow-origin')).toBe('*')
    const part = await fetch(body.url, { headers: { range: 'bytes=5-9' } })
    expect(part.status).toBe(206)
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5, 10))).toBe(true)
    expect(part.headers.get('content-disposition')).toContain("filename*=UTF-8''Ferien%20%C3%BCber")

    const head = await get({}, 'HEAD')
    expect(head.status).toBe(200)
    expect(head.headers.get('content-length')).toBe(String(bytes.byteLength))
    const etag = head.headers.get('etag')!
    expect(part.headers.get('etag')).toBe(etag)
    expect((await get({ 'if-none-match': etag })).status).toBe(304)
  })

  it('has files with one ETag, whoever is asked for it', async () => {
    await using world = await createS3World()
    const { created } = await world.upload(bytes)
    async function* body() {
      yield Buffer.from('a picture')
    }
    await world.store.putFile(created.asset_id, 'thumbnail.jpg', body())
    const links = createContentLinks(world.ports.signer, Date.now, HOUR)
    const url = links.fileUrl(created.asset_id, 'thumbnail.jpg', world.origin)

    const got = await fetch(url)
    expect([got.redirected, await got.text()]).toEqual([true, 'a picture'])
    const etag = got.headers.get('etag')!
    const ask = (headers: Record<string, string>, method: string) =>
      fetch(url, { method, headers, redirect: 'manual' })
    expect((await ask({}, 'HEAD')).headers.get('etag')).toBe(etag)
    expect((await ask({ 'if-none-match': etag }, 'GET')).status).toBe(304)
  })

  it('is streamed through us where that is set', async () => {
    await using world = await createS3World({ PARTWAY_CONTENT_DELIVERY: 'stream' })
    const { body } = await world.upload(bytes)
    const response = await fetch(body.url, { headers: { range: 'bytes=1-1000' } })
    expect(response.redirected).toBe(false)
    expect(response.status).toBe(206)
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(1, 1001))).toBe(true)
  })
})
