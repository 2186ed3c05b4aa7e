import { Readable } from 'node:stream'
import type { Asset, AssetList } from '@partway/protocol'
import { afterAll, expect, test } from 'vitest'
import { NEVER } from '../support/fakes.ts'
import { expectCommonHeaders } from '../support/http-expect.ts'
import { PNG, pathOf } from '../support/http-uploads.ts'
import { createWorld, listen, type Response } from '../support/http-world.ts'

const TYPE = 'multipart/form-data; boundary=B'
const END = Buffer.from('--B--\r\n')

const part = (head: string, body: string | Uint8Array) =>
  Buffer.concat([Buffer.from(`--B\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')])
const field = (name: string, value: string) =>
  part(`Content-Disposition: form-data; name="${name}"`, value)
/** A file part as the official SDKs send it; `named` is the end of its Content-Disposition. */
const file = (bytes: string | Uint8Array = PNG, named = '; filename="a.png"') =>
  part(
    `Content-Disposition: form-data; name="file"${named}\r\nContent-Type: application/octet-stream`,
    bytes,
  )
const DIRECT = field('method', 'direct')

const world = await createWorld()
afterAll(() => world.app.close())

function post(...parts: Buffer[]): Promise<Response> {
  const headers = { 'content-type': TYPE, 'x-api-key': world.alice }
  const payload = Buffer.concat([...parts, END])
  return world.app.inject({ method: 'POST', url: '/v1.3/assets', headers, payload })
}

async function created(...parts: Buffer[]): Promise<Asset> {
  const response = await post(...parts)
  expect(response.statusCode, response.body).toBe(201)
  return response.json<Asset>()
}

async function retrieved({ _id: id }: Asset): Promise<Asset> {
  const response = await world.call('GET', `/assets/${id}`)
  expect(response.statusCode, response.body).toBe(200)
  return response.json<Asset>()
}

async function contentOf(asset: Asset): Promise<Buffer> {
  const { url } = await retrieved(asset)
  return (await world.app.inject(pathOf(url!))).rawPayload
}

test('a created asset is answered with what is known of it', async () => {
  const response = await post(DIRECT, file())
  expect(response.statusCode).toBe(201)
  expectCommonHeaders(response)
  expect(response.json()).toEqual({
    _id: expect.stringMatching(/^[0-9a-f]{24}$/),
    method: 'direct',
    status: 'processing',
    filename: 'a.png',
    created_at: '2026-11-22T10:00:00Z',
  })
})

test('a created asset can be read at once and becomes ready', async () => {
  const asset = await created(DIRECT, file())
  expect(await retrieved(asset)).toMatchObject({ ...asset, size: PNG.byteLength })
  expect(await contentOf(asset)).toEqual(PNG)
  world.ports.media.found = { ...world.ports.media.found, mimeType: 'image/png' }
  while (await world.processor.processNext(NEVER));
  expect(await retrieved(asset)).toMatchObject({ status: 'ready', file_type: 'image/png' })
})

test('a created asset is found by its type and by its owner alone', async () => {
  const asset = await created(DIRECT, file())
  const listed = async (query: string, key = world.alice) =>
    (await world.call('GET', `/assets${query}`, { key })).json<AssetList>().data
  const id = `asset_ids=${asset._id}`
  expect(await listed(`?${id}&asset_types=image&filename=A.PN`)).toMatchObject([{ _id: asset._id }])
  expect(await listed(`?${id}&asset_types=video`)).toEqual([])
  expect(await listed(`?${id}`, world.bob)).toEqual([])
})

test('no session shows of a file sent in one request', async () => {
  await created(DIRECT, file())
  const list = (await world.call('GET', '/assets/multipart-uploads')).json<AssetList>()
  expect(list.data).toEqual([])
})

test('text parts after the file count, sent in chunks of unknown length', async () => {
  const { origin } = await listen(world)
  const bytes = Buffer.concat([PNG, Buffer.alloc(300_000, 'x')])
  const body = Buffer.concat([
    ...[DIRECT, file(bytes), field('filename', 'late.png'), field('enable_hls', 'false')],
    ...[field('enable_thumbnail', 'true'), field('user_metadata', '{"a":1}'), END],
  ])
  async function* pieces() {
    for (let at = 0; at < body.byteLength; at += 10_007) {
      yield body.subarray(at, at + 10_007)
      await new Promise(setImmediate)
    }
  }
  const init = {
    method: 'POST',
    headers: { 'content-type': TYPE, 'x-api-key': world.alice },
    body: Readable.toWeb(Readable.from(pieces())) as ReadableStream,
    duplex: 'half',
  }
  const response = await fetch(`${origin}/v1.3/assets`, init)
  expect(response.status).toBe(201)
  const asset = (await response.json()) as Asset
  expect(asset).toMatchObject({ filename: 'late.png', thumbnail: { status: 'pending' } })
  expect(asset.user_metadata).toEqual({ a: 1 })
  expect(asset).not.toHaveProperty('hls')
  expect(await contentOf(asset)).toEqual(bytes)
})

test('the file may come first of all', async () => {
  const asset = await created(file(), field('filename', 'b.png'), DIRECT)
  expect(asset.filename).toBe('b.png')
})

test('a form of the platform is understood', async () => {
  const form = new FormData()
  form.set('method', 'direct')
  form.set('file', new File([PNG], 'naïve ☕.png', { type: 'image/png' }))
  form.set('enable_thumbnail', 'true')
  const { origin } = await listen(world)
  const headers = { 'x-api-key': world.alice }
  const response = await fetch(`${origin}/v1.3/assets`, { method: 'POST', headers, body: form })
  expect(response.status).toBe(201)
  expect(await response.json()).toMatchObject({ filename: 'naïve ☕.png' })
})

test.each([
  ['a quoted boundary', 'multipart/form-data; boundary="B"'],
  ['a type in capitals', 'Multipart/Form-Data; boundary=B'],
  ['a parameter more', 'multipart/form-data; charset=utf-8; boundary=B'],
])('a form may have %s', async (_name, type) => {
  const headers = { 'content-type': type, 'x-api-key': world.alice }
  const payload = Buffer.concat([DIRECT, file(), END])
  const response = await world.app.inject({
    ...{ method: 'POST', url: '/v1.3/assets', headers, payload },
  })
  expect(response.statusCode, response.body).toBe(201)
})

test.each([
  ['that of its part', '; filename="b.png"', 'b.png'],
  ['unicode', '; filename="naïve ☕ 图.png"', 'naïve ☕ 图.png'],
  ['given by RFC 5987', "; filename*=UTF-8''na%C3%AFve.png", 'naïve.png'],
  ['without a path', '; filename="../../etc/b.png"', 'b.png'],
  ['without a Windows path', '; filename="C:\\fakepath\\b.png"', 'b.png'],
  ['as percent-encoded as it came', '; filename="a%2fb%22.png"', 'a%2fb%22.png'],
  ['255 characters', `; filename="${'é'.repeat(251)}.png"`, `${'é'.repeat(251)}.png`],
  ['without a name', '', 'unnamed'],
  ['with an empty name', '; filename=""', 'unnamed'],
  ['called like the folder above', '; filename=".."', 'unnamed'],
])('the name of a file is %s', async (_name, named, expected) => {
  const asset = await created(DIRECT, file(PNG, named))
  expect(asset.filename).toBe(expected)
  expect(await contentOf(asset)).toEqual(PNG)
})

test.each([
  ['short', 'b.png'],
  ['255 characters of 4 bytes', '🎬'.repeat(255)],
  ['two dots', '..'],
  ['percent-encoded dots', '%2e%2e'],
  ['a Windows path', 'C:\\x.png'],
])('the name given in the form wins: %s', async (_name, name) => {
  expect((await created(field('filename', name), DIRECT, file())).filename).toBe(name)
  expect((await created(DIRECT, file(), field('filename', name))).filename).toBe(name)
})

test('a file part of another type needs no name', async () => {
  const head = 'Content-Disposition: form-data; name="file"\r\nContent-Type: image/png'
  const asset = await created(DIRECT, part(head, PNG))
  expect(await contentOf(asset)).toEqual(PNG)
})

test('a text part may be of any type', async () => {
  const typed = (name: string, type: string, value: string) =>
    part(`Content-Disposition: form-data; name="${name}"\r\nContent-Type: ${type}`, value)
  const asset = await created(
    typed('method', 'application/octet-stream', 'direct'),
    typed('user_metadata', 'application/json', '{"a":1}'),
    typed('filename', 'text/plain; charset=utf-8', 'b.png'),
    file(),
  )
  expect(asset).toMatchObject({ filename: 'b.png', user_metadata: { a: 1 } })
})

test.each([
  ['notes.md', 'document'],
  ['notes.TXT', 'document'],
  ['song.mp3', 'audio'],
])('what content does not tell is told by the name %s', async (name, type) => {
  const asset = await created(DIRECT, file('# Hello', `; filename="${name}"`))
  const list = await world.call('GET', `/assets?asset_ids=${asset._id}&asset_types=${type}`)
  expect(list.json<AssetList>().page_info.total_results).toBe(1)
})

test.each(['direct', 'url'])('key-value pairs come with method %s', async (method) => {
  const source = method === 'direct' ? file() : field('url', 'http://example.com/a.png')
  const values = { text: 'ünï', n: 1.5, yes: true, none: null, empty: '' }
  const pairs = field('user_metadata', JSON.stringify(values))
  const asset = await created(field('method', method), pairs, source)
  expect(asset.user_metadata).toEqual({ text: 'ünï', n: 1.5, yes: true })
  expect((await retrieved(asset)).user_metadata).toEqual(asset.user_metadata)
})

test.each(['{}', 'null', '', '{"a":null}', '{"a":""}'])(
  'no key-value pairs are %j',
  async (text) => {
    const asset = await created(DIRECT, field('user_metadata', text), file())
    expect(asset).not.toHaveProperty('user_metadata')
  },
)

test('keys that mean something to JavaScript are keys like others', async () => {
  const text = '{"__proto__":"x","constructor":"y","toString":"z"}'
  const asset = await created(DIRECT, field('user_metadata', text), file())
  const response = await world.call('GET', `/assets/${asset._id}`)
  expect(response.body).toContain(`"user_metadata":${text}`)
  expect(Object.prototype).not.toHaveProperty('x')
})

test('what was wished for is pending', async () => {
  const wishes = [field('enable_hls', 'true'), field('enable_thumbnail', 'true')]
  const asset = await created(DIRECT, ...wishes, file('x', '; filename="a.mp4"'))
  expect(asset).toMatchObject({ hls: { status: 'pending' }, thumbnail: { status: 'pending' } })
  expect(await retrieved(asset)).toMatchObject({ hls: asset.hls, status: 'processing' })
})

test('a stream of an image is not made', async () => {
  expect(await created(DIRECT, field('enable_hls', 'true'), file())).not.toHaveProperty('hls')
})

test('empty and unknown text parts are as if they were not there', async () => {
  const names = ['url', 'filename', 'enable_hls', 'enable_thumbnail', 'user_metadata', 'other']
  const asset = await created(
    ...[DIRECT, ...names.map((name) => field(name, '')), field('foo', 'bar'), file()],
  )
  expect(asset).toMatchObject({ filename: 'a.png' })
})

test('of a text part that comes twice the last counts', async () => {
  const parts = [field('method', 'url'), DIRECT, field('filename', 'a'), field('filename', 'b')]
  expect(await created(...parts, file())).toMatchObject({ method: 'direct', filename: 'b' })
})

test('a file is fetched from a URL, and shows its progress', async () => {
  const url = 'https://example.com/a.png?token=secret'
  world.ports.web.pages.set(url, { bytes: PNG, validator: '"1"' })
  const response = await post(field('url', url), field('method', 'url'))
  expect(response.statusCode, response.body).toBe(201)
  const asset = response.json<Asset>()
  expect(asset).toEqual({
    _id: expect.stringMatching(/^[0-9a-f]{24}$/),
    ...{ method: 'url', status: 'processing', filename: 'a.png', import: { fetched_size: 0 } },
    created_at: '2026-11-22T10:00:00Z',
  })
  expect(await retrieved(asset)).toEqual(asset)
  while (await world.imports.importNext(NEVER));
  const fetched = await retrieved(asset)
  expect(fetched).toMatchObject({ status: 'processing', size: PNG.byteLength })
  expect(fetched).not.toHaveProperty('import')
  expect(await contentOf(asset)).toEqual(PNG)
  expect(JSON.stringify(world.logs)).not.toContain('secret')
})

test('a URL that cannot be fetched fails its asset, and is told nowhere', async () => {
  const parts = [field('method', 'url'), field('url', 'https://example.com/gone?token=secret')]
  const asset = await created(...parts)
  while (await world.imports.importNext(NEVER));
  const failed = await retrieved(asset)
  expect(failed).toMatchObject({ status: 'failed', filename: 'gone' })
  expect(failed.error).toEqual({ message: expect.stringContaining('example.com') })
  expect(JSON.stringify([failed, world.logs])).not.toContain('secret')
})

test('a file of several chunks comes out as it went in', async () => {
  const bytes = Buffer.alloc(11 * 2 ** 20, 'the bytes of a film ')
  const asset = await created(DIRECT, file(bytes, '; filename="a.mp4"'))
  expect((await contentOf(asset)).equals(bytes)).toBe(true)
})

test('files sent at the same time do not mix', async () => {
  const all = Array.from({ length: 8 }, (_, i) => Buffer.alloc(200_000, `${i}`))
  const assets = await Promise.all(
    all.map((bytes, i) => created(DIRECT, file(bytes, `; filename="${i}.mp4"`))),
  )
  for (const [i, asset] of assets.entries()) {
    expect(asset.filename).toBe(`${i}.mp4`)
    expect((await contentOf(asset)).equals(all[i]!)).toBe(true)
  }
})
