import type { Asset } from '@partway/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { foundAs, NEVER } from '../support/fakes.ts'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import { finishUpload, PNG, pathOf } from '../support/http-uploads.ts'
import { createWorld, HOUR, listen, UNKNOWN_ID } from '../support/http-world.ts'

const world = await createWorld()
afterAll(() => world.app.close())
const { assetId, path } = await finishUpload(world, PNG, { filename: 'a.png', type: 'image' })

const get = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  world.app.inject({ method, url, headers })

describe('the content of an asset', () => {
  test('comes whole, with everything a player or a browser needs', async () => {
    const response = await get(path)
    expect(response.statusCode).toBe(200)
    expectCommonHeaders(response)
    expect(response.rawPayload).toEqual(PNG)
    expect(response.headers).toMatchObject({
      'accept-ranges': 'bytes',
      'content-length': String(PNG.byteLength),
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^"[^"]+"$/),
    })
    expect(response.headers).not.toHaveProperty('content-range')
  })

  test('answers HEAD with the headers of GET and no body', async () => {
    const [whole, head] = [await get(path), await get(path, {}, 'HEAD')]
    const { date: _a, 'x-request-id': _b, connection: _c, ...expected } = whole.headers
    expect([head.statusCode, head.body]).toEqual([200, ''])
    expect(head.headers).toMatchObject(expected)
  })

  test('answers HEAD the same on a real connection', async () => {
    const { origin } = await listen(world)
    const response = await fetch(origin + path, { method: 'HEAD' })
    expect(response.headers.get('content-length')).toBe(String(PNG.byteLength))
    expect(await response.text()).toBe('')
  })

  test('needs no key and minds no wrong one', async () => {
    expect((await get(path, { 'x-api-key': 'wrong' })).statusCode).toBe(200)
  })

  test('keeps its ETag for the same bytes and changes it with them', async () => {
    const { etag } = (await get(path)).headers
    expect((await get(path)).headers.etag).toBe(etag)
    const other = await finishUpload(world, Buffer.alloc(PNG.byteLength))
    expect((await get(other.path)).headers.etag).not.toBe(etag)
  })

  test.each([
    ['its ETag', (etag: string) => etag],
    ['its ETag, weak', (etag: string) => `W/${etag}`],
    ['its ETag among others', (etag: string) => `"x", ${etag}, "y"`],
    ['anything', () => '*'],
  ])('answers 304 to If-None-Match with %s', async (_name, spell) => {
    const { etag } = (await get(path)).headers
    for (const method of ['GET', 'HEAD'] as const) {
      const headers = { 'if-none-match': spell(String(etag)), range: 'bytes=0-1' }
      const response = await get(path, headers, method)
      expect([response.statusCode, response.body]).toEqual([304, ''])
      expect(response.headers.etag).toBe(etag)
      expectCommonHeaders(response)
    }
  })

  test('comes whole to If-None-Match with another ETag', async () => {
    const response = await get(path, { 'if-none-match': '"other", W/"more"' })
    expect([response.statusCode, response.rawPayload]).toEqual([200, PNG])
  })
})

describe('the content of an asset in each state', () => {
  test('is there while it is processing, as plain bytes to save', async () => {
    const { path: early } = await finishUpload(world, PNG, { filename: 'b.png', type: 'image' })
    const response = await get(early)
    expect(response.rawPayload).toEqual(PNG)
    expect(response.headers['content-type']).toBe('application/octet-stream')
    expect(response.headers['content-disposition']).toMatch(/^attachment;/)
  })

  test('is there when it is ready, to show, with the type that was found', async () => {
    world.ports.media.found = foundAs('image/png')
    while (await world.processor.processNext(NEVER));
    const response = await get(path)
    expect(response.rawPayload).toEqual(PNG)
    expect(response.headers['content-type']).toBe('image/png')
    expect(response.headers['content-disposition']).toMatch(/^inline;/)
  })

  test('is there when processing has failed', async () => {
    const bytes = Buffer.from('<script>alert(1)</script>')
    const failed = await finishUpload(world, bytes, { filename: 'x.html' })
    world.ports.media.found = foundAs(undefined)
    while (await world.processor.processNext(NEVER));
    const asset = await world.call('GET', `/assets/${failed.assetId}`)
    expect(asset.json<Asset>().status).toBe('failed')
    const response = await get(failed.path)
    expect(response.rawPayload).toEqual(bytes)
    expect(response.headers['content-type']).toBe('application/octet-stream')
    expect(response.headers['content-disposition']).toMatch(/^attachment;/)
  })

  test('is gone with 404 once the asset is deleted', async () => {
    const deleted = await finishUpload(world, PNG)
    await world.call('DELETE', `/assets/${deleted.assetId}`)
    expectError(await get(deleted.path), 404, 'not_found')
  })
})

describe('the URL of an asset', () => {
  const signed = '/content/'.length

  test('is refused with any one character altered', async () => {
    for (let i = signed; i < path.length; i++) {
      for (const other of ['0', 'z', 'A', '-', '.', '&', '=']) {
        if (path[i] === other) continue
        const response = await get(path.slice(0, i) + other + path.slice(i + 1))
        expectError(response, 403, 'unauthorized_request', 'signature')
      }
    }
  })

  test.each([
    ['another asset', path.replace(assetId, UNKNOWN_ID)],
    ['a later expiry', path.replace(/expires=(\d+)/, (_, n) => `expires=${Number(n) + 1}`)],
    ['no signature', path.replace(/&signature=.*/, '')],
    ['no query', path.replace(/\?.*/, '')],
    ['an empty signature', path.replace(/signature=.*/, 'signature=')],
    ['a parameter more', `${path}&x=1`],
    ['its parameters in another order', path.replace(/(expires=\d+)&(signature=.*)/, '$2&$1')],
    ['a chunk URL signature', path.replace(/signature=.*/, `signature=${'A'.repeat(43)}`)],
  ])('is refused with %s', async (_name, altered) => {
    expectError(await get(altered), 403, 'unauthorized_request', 'signature')
  })

  test('is refused when it has expired, and says how to get another', async () => {
    await using other = await createWorld()
    const finished = await finishUpload(other, PNG)
    other.ports.clock.advance(24 * HOUR - 1)
    expect((await other.app.inject(finished.path)).statusCode).toBe(200)
    other.ports.clock.advance(1)
    const response = await other.app.inject(finished.path)
    expectError(response, 403, 'unauthorized_request', 'expired', 'asset')
    const { url } = (await other.call('GET', `/assets/${finished.assetId}`)).json<Asset>()
    expect((await other.app.inject(pathOf(url!))).statusCode).toBe(200)
  })

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'] as const)('answers 404 to %s', async (method) => {
    const response = await world.app.inject({ method, url: path.replace('signature', 'sig') })
    expectError(response, 404, 'not_found', method)
  })
})
