import type {
  Asset,
  CreateUploadResponse,
  PresignResponse,
  ReportResponse,
} from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { exchange, head } from '../support/http-raw.ts'
import { claimOf, putChunk, UPLOADS } from '../support/http-uploads.ts'
import { createWorld, type Headers, listen, type World } from '../support/http-world.ts'

const ONE = Buffer.from('one!')
const BODY = { filename: 'a.mp4', type: 'video', total_size: ONE.byteLength }

/** The origin in front of every URL that the API gives, from one upload's whole life. */
async function originsOf(world: World, headers: Headers, remoteAddress = '127.0.0.1') {
  const call = async <T>(method: 'GET' | 'POST', path: string, body?: unknown) => {
    const response = await world.app.inject({
      ...{ method, url: `/v1.3${path}`, remoteAddress },
      headers: { 'x-api-key': world.alice, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
    expect(response.statusCode, response.body).toBeLessThan(300)
    return response.json<T>()
  }
  const created = await call<CreateUploadResponse>('POST', UPLOADS, BODY)
  const { upload_id: id, asset_id: assetId } = created
  const presigned = await call<PresignResponse>('POST', `${UPLOADS}/${id}/presigned-urls`, {
    ...{ start: 1, count: 1 },
  })
  const chunkUrl = created.upload_urls[0]!.url
  expect(
    (await putChunk(world, chunkUrl.slice(chunkUrl.indexOf('/chunks/')), ONE)).statusCode,
  ).toBe(200)
  const report = { completed_chunks: [claimOf(1, ONE)] }
  const reported = await call<ReportResponse>('POST', `${UPLOADS}/${id}`, report)
  const repeated = await call<ReportResponse>('POST', `${UPLOADS}/${id}`, report)
  const asset = await call<Asset>('GET', `/assets/${assetId}`)
  const { data } = await call<{ data: Asset[] }>('GET', '/assets')
  const urls = [
    ...[chunkUrl, presigned.upload_urls[0]!.url, reported.url, repeated.url],
    ...[asset.url, data[0]!.url],
  ]
  return urls.map((url) => url!.slice(0, url!.search(/\/(chunks|content)\//)))
}

const SPOOFED = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }

describe('the URLs that the API gives', () => {
  test.each([
    ['a plain address', 'https://media.example.com', 'https://media.example.com'],
    ['a slash at the end', 'https://media.example.com/', 'https://media.example.com'],
    ['a port', 'http://10.0.0.1:8080', 'http://10.0.0.1:8080'],
    ['a path', 'https://example.com/media/in', 'https://example.com/media/in'],
    ['a path and a slash', 'https://example.com/media/', 'https://example.com/media'],
  ])('start with PARTWAY_PUBLIC_URL, given with %s', async (_name, publicUrl, origin) => {
    await using world = await createWorld({ env: { PARTWAY_PUBLIC_URL: publicUrl } })
    const headers = { host: 'other.example', ...SPOOFED }
    expect(await originsOf(world, headers)).toEqual(Array(6).fill(origin))
  })

  test.each([
    ['a name', 'uploads.example'],
    ['a name and a port', 'uploads.example:4100'],
    ['an address', '192.0.2.7:80'],
    ['an IPv6 address', '[2001:db8::1]:4100'],
  ])("start with the request's host, %s, without a setting", async (_name, host) => {
    await using world = await createWorld()
    expect(await originsOf(world, { host })).toEqual(Array(6).fill(`http://${host}`))
  })

  test('pay no heed to X-Forwarded headers without a trusted proxy', async () => {
    await using world = await createWorld()
    const headers = { host: 'real.example', ...SPOOFED, 'x-forwarded-for': '10.0.0.1' }
    expect(await originsOf(world, headers)).toEqual(Array(6).fill('http://real.example'))
  })

  test.each([
    ['by address', '10.0.0.1', '10.0.0.1'],
    ['by range', '192.0.2.1, 10.0.0.0/8', '10.1.2.3'],
  ])('heed X-Forwarded headers of a proxy trusted %s', async (_name, trusted, proxy) => {
    await using world = await createWorld({ env: { PARTWAY_TRUSTED_PROXIES: trusted } })
    const headers = {
      ...{ host: 'inner.example', 'x-forwarded-host': 'outer.example' },
      'x-forwarded-proto': 'https',
    }
    expect(await originsOf(world, headers, proxy)).toEqual(Array(6).fill('https://outer.example'))
  })

  test('pay no heed to X-Forwarded headers of anyone but the trusted proxy', async () => {
    await using world = await createWorld({ env: { PARTWAY_TRUSTED_PROXIES: '10.0.0.1' } })
    const headers = { host: 'real.example', ...SPOOFED, 'x-forwarded-for': '10.0.0.1' }
    const origins = await originsOf(world, headers, '192.0.2.9')
    expect(origins).toEqual(Array(6).fill('http://real.example'))
  })

  test('are never without a host: a request that names none is refused', async () => {
    await using world = await createWorld()
    const { port } = await listen(world)
    const body = JSON.stringify(BODY)
    const request = head(`POST /v1.3${UPLOADS}`, {
      ...{ 'X-Api-Key': world.alice, 'Content-Type': 'application/json' },
      'Content-Length': String(body.length),
    })
    const answer = await exchange(port, request.replace('HTTP/1.1', 'HTTP/1.0') + body)
    expectError(answer, 400, 'invalid_request', 'Host')
  })

  test('work on the host they name', async () => {
    await using world = await createWorld()
    const { origin } = await listen(world)
    const response = await fetch(`${origin}/v1.3${UPLOADS}`, {
      method: 'POST',
      headers: { 'x-api-key': world.alice, 'content-type': 'application/json' },
      body: JSON.stringify(BODY),
    })
    const { upload_urls: urls } = (await response.json()) as CreateUploadResponse
    expect(urls[0]!.url.startsWith(`${origin}/chunks/`)).toBe(true)
    const put = await fetch(urls[0]!.url, { method: 'PUT', body: ONE })
    expect(put.status).toBe(200)
  })
})
