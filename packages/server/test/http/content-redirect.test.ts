import { afterAll, describe, expect, test } from 'vitest'
import { createContentLinks } from '../../src/core/links.ts'
import type { ReadContext } from '../../src/core/ports.ts'
import { foundAs, NEVER } from '../support/fakes.ts'
import { finishUpload, PNG } from '../support/http-uploads.ts'
import { createWorld, HOUR, type WorldOptions } from '../support/http-world.ts'

/** The application on a store that can serve readers itself. */
async function createRedirectingWorld(env: WorldOptions['env'] = {}) {
  const asked: (ReadContext & { ref: string; name: string | undefined })[] = []
  const presignRead = async (ref: string, name: string | undefined, request: ReadContext) => {
    asked.push({ ref, name, ...request })
    return 'https://bucket.example.com/key?X-Amz-Signature=x'
  }
  const world = await createWorld({
    env,
    ports: ({ store }) => ({ store: { ...store, presignRead } }),
  })
  const { assetId, path } = await finishUpload(world, PNG, { filename: 'ä.png', type: 'image' })
  const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    world.app.inject({ method, url, headers })
  return { world, asked, assetId, path, get }
}

const { world, asked, assetId, path, get } = await createRedirectingWorld({
  PARTWAY_CORS_ORIGINS: '*',
})
afterAll(() => world.app.close())

describe('content in a store that serves readers itself', () => {
  test('is answered with a redirect that is not kept', async () => {
    asked.length = 0
    const response = await get(path, { origin: 'https://app.example.com' })
    expect(response.statusCode).toBe(302)
    expect(response.headers).toMatchObject({
      location: 'https://bucket.example.com/key?X-Amz-Signature=x',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    })
    expect(asked).toEqual([
      {
        ...{ ref: assetId, name: undefined, contentType: 'application/octet-stream' },
        disposition: `attachment; filename="?.png"; filename*=UTF-8''%C3%A4.png`,
        expiresAt: world.ports.clock() + 24 * HOUR,
      },
    ])
  })

  test.each([
    ['image/png', 'inline'],
    ['video/mp4', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/pdf', 'attachment'],
  ])('is said to be %s and %s, whatever the store thinks', async (mimeType, disposition) => {
    world.ports.media.found = foundAs(mimeType)
    const made = await finishUpload(world, PNG, { filename: 'a.png', type: 'image' })
    while (await world.processor.processNext(NEVER));
    await get(made.path)
    expect(asked.at(-1)).toMatchObject({
      ...{ contentType: mimeType, disposition: `${disposition}; filename=a.png` },
    })
  })

  test('is redirected with a range too, whatever it is', async () => {
    for (const range of ['bytes=0-1', 'bytes=9999999-', 'nonsense']) {
      expect((await get(path, { range })).statusCode).toBe(302)
    }
  })

  test('is answered by us where no bytes are needed', async () => {
    const head = await get(path, {}, 'HEAD')
    expect(head.statusCode).toBe(200)
    expect(head.headers['content-length']).toBe(String(PNG.byteLength))
    const { etag } = head.headers
    expect((await get(path, { 'if-none-match': String(etag) })).statusCode).toBe(304)
    expect((await get(path, { 'if-none-match': '"other"' })).statusCode).toBe(302)
  })

  test('is never redirected for the tools that read it', async () => {
    const links = createContentLinks(world.ports.signer, world.ports.clock, HOUR)
    const response = await get(links.streamUrl(assetId, ''))
    expect(response.statusCode).toBe(200)
    expect(response.rawPayload).toEqual(PNG)
    const forged = path.replace('&signature=', '&stream&signature=')
    expect((await get(forged)).statusCode).toBe(403)
  })

  test('is streamed where that is set', async () => {
    const other = await createRedirectingWorld({ PARTWAY_CONTENT_DELIVERY: 'stream' })
    const response = await other.get(other.path)
    expect(response.statusCode).toBe(200)
    expect(response.rawPayload).toEqual(PNG)
    expect(other.asked).toEqual([])
    await other.world.app.close()
  })

  test('is redirected for files made from it, but not for playlists', async () => {
    const links = createContentLinks(world.ports.signer, world.ports.clock, HOUR)
    async function* body() {
      yield Buffer.from('#EXTM3U')
    }
    for (const name of ['manifest.m3u8', 'video_0.m4s', 'thumbnail.jpg']) {
      await world.ports.store.putFile(assetId, name, body())
    }
    asked.length = 0
    const playlist = await get(links.fileUrl(assetId, 'manifest.m3u8', ''))
    expect([playlist.statusCode, playlist.body]).toEqual([200, '#EXTM3U'])
    for (const [name, contentType] of [
      ['video_0.m4s', 'video/iso.segment'],
      ['thumbnail.jpg', 'image/jpeg'],
    ] as const) {
      expect((await get(links.fileUrl(assetId, name, ''))).statusCode).toBe(302)
      expect(asked.at(-1)).toMatchObject({ name, contentType, disposition: undefined })
    }
    expect(asked).toHaveLength(2)
  })
})
