import type { Asset } from '@partway/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MediaError } from '../../src/core/ports.ts'
import { NEVER } from '../support/fakes.ts'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import { exchange, head } from '../support/http-raw.ts'
import { pathOf } from '../support/http-uploads.ts'
import { createWorld, HOUR, listen, UNKNOWN_ID, type World } from '../support/http-world.ts'

/** Creates a film that is to have a stream and a picture. */
async function createFilm({ app, alice }: World): Promise<string> {
  const form = new FormData()
  for (const name of ['enable_hls', 'enable_thumbnail']) form.set(name, 'true')
  form.set('method', 'direct')
  form.set('file', new File(['a film'], 'a.mp4'))
  const encoded = new Response(form)
  const response = await app.inject({
    ...{ method: 'POST', url: '/v1.3/assets' },
    headers: { 'content-type': encoded.headers.get('content-type')!, 'x-api-key': alice },
    payload: Buffer.from(await encoded.arrayBuffer()),
  })
  expect(response.statusCode, response.body).toBe(201)
  return response.json<Asset>()._id
}

const retrieve = async (world: World, id: string): Promise<Asset> =>
  (await world.call('GET', `/assets/${id}`)).json()

async function createReady(world: World) {
  const id = await createFilm(world)
  while (await world.processor.processNext(NEVER));
  const { hls, thumbnail, url } = await retrieve(world, id)
  const manifest = pathOf(hls!.manifest_url!)
  return { id, manifest, picture: pathOf(thumbnail!.representative_url!), content: pathOf(url!) }
}

const world = await createWorld()
afterAll(() => world.app.close())
const { id, manifest, picture, content } = await createReady(world)
const segment = manifest.replace('manifest.m3u8', 'segment-1.m4s')
const signature = /\.([\w-]{43})\//.exec(manifest)![1]!

const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  world.app.inject({ method, url, headers })

describe('the renditions of an asset', () => {
  test('show how far they are', async () => {
    await using other = await createWorld()
    const film = await createFilm(other)
    const show = async () => {
      const { hls, thumbnail } = await retrieve(other, film)
      return { hls, thumbnail }
    }
    const pending = { status: 'pending' }
    expect(await show()).toEqual({ hls: pending, thumbnail: pending })
    const seen: unknown[] = []
    other.ports.media.thumbnail = async () => {
      seen.push(await show())
      throw new MediaError('There is no picture in it.')
    }
    const { hls } = other.ports.media
    other.ports.media.hls = async (...call) => {
      seen.push((await show()).hls)
      return hls(...call)
    }
    while (await other.processor.processNext(NEVER));
    expect(seen).toEqual([
      { hls: pending, thumbnail: { status: 'processing' } },
      { status: 'processing' },
    ])
    expect(await show()).toEqual({
      hls: { status: 'ready', manifest_url: expect.stringMatching(/\/manifest\.m3u8$/) },
      thumbnail: { status: 'error', error: { message: 'There is no picture in it.' } },
    })
  })

  test('have URLs in the list too, below the origin that was asked', async () => {
    const headers = { host: 'media.example.com' }
    const { data } = (await world.call('GET', '/assets', { headers })).json()
    expect(data[0].hls.manifest_url).toMatch(/^http:\/\/media\.example\.com\/files\//)
    expect(data[0].thumbnail.representative_url).toMatch(/^http:\/\/media\.example\.com\/files\//)
  })

  test('have no URL for another account', async () => {
    const response = await world.call('GET', `/assets/${id}`, { key: world.bob })
    expectError(response, 404, 'resource_not_exist')
  })
})

describe('a file made from an asset', () => {
  test.each([
    ['playlist', manifest, 'application/vnd.apple.mpegurl', '#EXTM3U\nsegment-1.m4s\n'],
    ['segment', segment, 'video/iso.segment', 'a segment'],
    ['picture', picture, 'image/jpeg', 'a picture'],
  ])('comes whole and without a key: a %s', async (_name, path, type, body) => {
    const response = await get(path)
    expect([response.statusCode, response.body]).toEqual([200, body])
    expectCommonHeaders(response)
    expect(response.headers).toMatchObject({
      'content-type': type,
      'accept-ranges': 'bytes',
      'content-length': String(body.length),
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      'cache-control': expect.stringContaining('private'),
      etag: expect.stringMatching(/^"[^"]+"$/),
    })
    expect(response.headers).not.toHaveProperty('content-disposition')
  })

  test('leads to the next by its name alone', async () => {
    const { origin } = await listen(world)
    const playlist = await fetch(origin + manifest)
    const [, name] = (await playlist.text()).split('\n')
    const next = await fetch(new URL(name!, playlist.url), { headers: { 'x-api-key': 'wrong' } })
    expect([next.status, await next.text()]).toEqual([200, 'a segment'])
  })

  test('answers HEAD with the headers of GET and no body', async () => {
    for (const path of [manifest, segment, picture]) {
      const [whole, only] = [await get(path), await get(path, {}, 'HEAD')]
      const { date: _a, 'x-request-id': _b, connection: _c, ...expected } = whole.headers
      expect([only.statusCode, only.body]).toEqual([200, ''])
      expect(only.headers).toMatchObject(expected)
    }
  })

  test.each([
    ['bytes=0-0', 'a', '0-0/9'],
    ['bytes=2-4', 'seg', '2-4/9'],
    ['bytes=2-', 'segment', '2-8/9'],
    ['bytes=-3', 'ent', '6-8/9'],
    ['bytes=2-99', 'segment', '2-8/9'],
  ])('comes in ranges: %s', async (range, body, answered) => {
    const response = await get(segment, { range })
    expect([response.statusCode, response.body]).toEqual([206, body])
    expect(response.headers['content-range']).toBe(`bytes ${answered}`)
  })

  test('has no range behind its end', async () => {
    const response = await get(segment, { range: 'bytes=9-' })
    expectError(response, 416, 'range_not_satisfiable', '9 bytes')
    expect(response.headers['content-range']).toBe('bytes */9')
  })

  test('has an ETag of its own, which answers 304', async () => {
    const tags = new Set<string>()
    for (const path of [manifest, segment, picture]) {
      const etag = String((await get(path)).headers.etag)
      const again = await get(path, { 'if-none-match': etag })
      expect([again.statusCode, again.body]).toEqual([304, ''])
      tags.add(etag)
    }
    expect(tags.size).toBe(3)
  })

  test('is gone once the asset is deleted', async () => {
    const deleted = await createReady(world)
    await world.call('DELETE', `/assets/${deleted.id}`)
    for (const path of [deleted.manifest, deleted.picture]) {
      expectError(await get(path), 404, 'not_found')
    }
  })

  test('expires, and the asset has a fresh URL then', async () => {
    await using other = await createWorld()
    const film = await createReady(other)
    other.ports.clock.advance(24 * HOUR - 1)
    expect((await other.app.inject(film.manifest)).statusCode).toBe(200)
    other.ports.clock.advance(1)
    expectError(await other.app.inject(film.manifest), 403, 'unauthorized_request', 'expired')
    const { hls } = await retrieve(other, film.id)
    expect((await other.app.inject(pathOf(hls!.manifest_url!))).statusCode).toBe(200)
  })
})

describe('the URL of a file', () => {
  const dot = manifest.indexOf('.')
  const of = (name: string) => manifest.replace('manifest.m3u8', name)
  const given = (text: string) => `${manifest.slice(0, dot + 1)}${text}/manifest.m3u8`

  test('is refused with any one character of its authority altered', async () => {
    const end = manifest.lastIndexOf('/')
    for (let i = '/files/'.length; i < end; i++) {
      for (const other of ['0', 'z', 'A', '-', '.']) {
        // The slash between asset and expiry: without it there is no such route.
        if (manifest[i] === other || manifest[i] === '/') continue
        const response = await get(manifest.slice(0, i) + other + manifest.slice(i + 1))
        expectError(response, 403, 'unauthorized_request', 'signature')
      }
    }
  })

  test.each([
    ['another asset', manifest.replace(id, UNKNOWN_ID)],
    ['a later expiry', manifest.replace(/\/(\d+)\./, (_, n) => `/${Number(n) + 1}.`)],
    ['an expiry spelled otherwise', manifest.replace(/\/(\d+)\./, '/0$1.')],
    ['no signature', given('')],
    ['half a signature', given(signature.slice(0, 20))],
    ['the signature of the content', given(/signature=(.*)$/.exec(content)![1]!)],
    ['another signature', given('A'.repeat(43))],
    ['a query', `${manifest}?x=1`],
    ['no name', of('')],
    ['an encoded door', manifest.replace('/files', '/%66iles')],
  ])('is refused with %s', async (_name, path) => {
    expectError(await get(path), 403, 'unauthorized_request', 'signature')
  })

  test('does not open the content', async () => {
    const altered = content.replace(/signature=.*/, `signature=${signature}`)
    expectError(await get(altered), 403, 'unauthorized_request', 'signature')
  })

  test.each([
    ...['segment-2.m4s', 'MANIFEST.M3U8', 'manifest.m3u8%00', 'manifest%2em3u8', 'a.exe', '.', 'a'],
    ...['%2e%2e%2fmanifest.m3u8', '..%2f..%2fpartway.db', '%2e%2e', '..%5cmanifest.m3u8', '%00'],
    ...['manifest.m3u8%2f', '-.jpg', 'manifest', '1', `${'a'.repeat(65)}.jpg`, 'thumbnail.jpg%20'],
  ])('leads to no other file: %s', async (name) => {
    const response = await get(of(name))
    expect([403, 404]).toContain(response.statusCode)
    expectError(response, response.statusCode, response.json<{ code: string }>().code)
  })

  test.each(['../x', '../../x', '/etc/passwd', 'x/../manifest.m3u8', '//manifest.m3u8'])(
    'leads to no path, however it is sent: %j',
    async (name) => {
      const { port } = await listen(world)
      const answer = await exchange(port, head(`GET ${of(name)}`, { Host: '127.0.0.1' }))
      expect(answer.statusCode).toBe(404)
      expectError(answer, 404, 'not_found')
    },
  )

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'] as const)('answers 404 to %s', async (method) => {
    expectError(await world.app.inject({ method, url: manifest }), 404, 'not_found', method)
  })
})

describe('the signature of a file', () => {
  const strange: string[] = []
  beforeAll(() => {
    const rest = manifest.slice('/files'.length)
    for (const door of ['/v1.3/files', '/FILES', '//files', '/files/', '/%66iles', '/a/../files']) {
      strange.push(door + rest)
    }
    strange.push(manifest.replaceAll('/', '%2f'), manifest.replace('files/', 'files%2f'))
    strange.push(manifest.replace(/\/manifest.*/, ''), `${manifest}/more`, `${manifest}?x=1`)
    strange.push(manifest.replace('manifest', 'other'), manifest.replace(id, UNKNOWN_ID))
    // Refused before there is a route, where errors are not ours but Fastify's.
    for (const name of ['%zz', '%', '%E0%A4%A', 'x'.repeat(9000), '%zz?x=1']) {
      strange.push(manifest.replace('manifest.m3u8', name))
    }
    strange.push(manifest.replace('/files', '/files%zz'), `${manifest}/%zz`)
    strange.push(`http://127.0.0.1${manifest}x`, `http://127.0.0.1/v1.3${manifest}`)
  })

  test('is in no log line and no error, however a URL is mistaken', async () => {
    const { port } = await listen(world)
    const told = new Set<string>()
    for (const target of strange) {
      for (const method of ['GET', 'PUT']) {
        const bytes = head(`${method} ${target}`, { Host: '127.0.0.1' })
        const { body } = await exchange(port, bytes)
        if (body.includes(signature)) told.add(`${target} in its answer`)
        if (JSON.stringify(world.logs).includes(signature)) told.add(`${target} in the log`)
        world.logs.length = 0
      }
    }
    expect([...told].map((text) => text.replaceAll(signature, '…').replaceAll(id, 'ID'))).toEqual(
      [],
    )
  })

  test('is in no log line of what goes well', async () => {
    world.logs.length = 0
    for (const path of [manifest, segment, picture]) await get(path)
    expect(world.logs.map(({ msg }) => msg)).toContain('request')
    expect(JSON.stringify(world.logs)).not.toContain(signature)
  })
})
