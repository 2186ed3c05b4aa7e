import { afterAll, describe, expect, test } from 'vitest'
import {
  createUpload,
  finishUpload,
  PNG,
  pathOf,
  putChunk,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, type Headers, type Method } from '../support/http-world.ts'

const APP = 'https://app.example'
const OTHER = 'https://other.example'

const plain = await createWorld()
const world = await createWorld({
  env: { PARTWAY_CORS_ORIGINS: `${APP}, http://127.0.0.1:5173` },
})
const open = await createWorld({ env: { PARTWAY_CORS_ORIGINS: '*' } })
afterAll(() => Promise.all([plain, world, open].map(({ app }) => app.close())))

const created = await createUpload(world, { size: 1 })
const content = await finishUpload(world, PNG)
const CHUNK = pathOf(created.upload_urls[0]!.url)

const preflight = (url: string, method: string, headers: string, origin = APP) =>
  world.app.inject({
    ...{ method: 'OPTIONS', url },
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': headers,
    },
  })

const list = (value: unknown) =>
  String(value)
    .split(',')
    .map((item) => item.trim().toLowerCase())

describe('a preflight of an allowed origin', () => {
  test.each([
    [`/v1.3${UPLOADS}`, 'POST', 'content-type,x-api-key,idempotency-key'],
    [`/v1.3${UPLOADS}/${created.upload_id}`, 'DELETE', 'x-api-key'],
    ['/v1.3/assets', 'GET', 'x-api-key'],
    [CHUNK, 'PUT', 'content-type'],
    [content.path, 'GET', 'range,if-range'],
  ])('is granted for %s %s', async (url, method, headers) => {
    const response = await preflight(url, method, headers)
    expect(response.statusCode).toBe(204)
    expect(response.headers['access-control-allow-origin']).toBe(APP)
    expect(list(response.headers['access-control-allow-methods'])).toContain(method.toLowerCase())
    expect(list(response.headers['access-control-allow-headers'])).toEqual(list(headers))
    expect(Number(response.headers['access-control-max-age'])).toBeGreaterThan(0)
    expect(list(response.headers.vary)).toContain('origin')
    expect(response.headers['x-api-version']).toBe('1.3')
  })

  test('is granted to each of several origins', async () => {
    const origin = 'http://127.0.0.1:5173'
    const response = await preflight(CHUNK, 'PUT', 'content-type', origin)
    expect(response.headers['access-control-allow-origin']).toBe(origin)
  })
})

describe('a preflight of another origin', () => {
  test.each([
    OTHER,
    'https://app.example.evil.example',
    'http://app.example',
    'https://app.example:444',
    'https://sub.app.example',
    'null',
  ])('is not granted: %s', async (origin) => {
    const response = await preflight(CHUNK, 'PUT', 'content-type', origin)
    expect(response.headers).not.toHaveProperty('access-control-allow-origin')
  })
})

interface Row {
  name: string
  status: number
  method?: Method
  url: string
  headers?: Headers
}

const ANSWERS: Row[] = [
  { name: 'a list', status: 200, url: '/v1.3/assets', headers: { 'x-api-key': world.alice } },
  { name: 'no key', status: 401, url: '/v1.3/assets' },
  { name: 'a wrong key', status: 401, url: `/v1.3${UPLOADS}`, headers: { 'x-api-key': 'wrong' } },
  { name: 'an unknown route', status: 404, url: '/nowhere' },
  { name: 'an altered chunk URL', status: 403, method: 'PUT', url: `${CHUNK}x` },
  { name: 'an altered content URL', status: 403, url: `${content.path}x` },
  { name: 'content', status: 200, url: content.path },
  { name: 'a range', status: 206, url: content.path, headers: { range: 'bytes=0-1' } },
  { name: 'a bad range', status: 416, url: content.path, headers: { range: 'bytes=999-' } },
  { name: 'not modified', status: 304, url: content.path, headers: { 'if-none-match': '*' } },
]

const call = (app: typeof world.app, { method = 'GET', url, headers }: Row, origin: string) =>
  app.inject({ method, url, headers: { origin, ...headers } })

describe('an answer to a page', () => {
  test.each(ANSWERS)('of an allowed origin can be read: $name, $status', async (row) => {
    const response = await call(world.app, row, APP)
    expect(response.statusCode).toBe(row.status)
    expect(response.headers['access-control-allow-origin']).toBe(APP)
    expect(list(response.headers['access-control-expose-headers'])).toEqual(
      expect.arrayContaining(['etag', 'x-request-id', 'retry-after']),
    )
    expect(list(response.headers.vary)).toContain('origin')
    expect(response.headers).not.toHaveProperty('access-control-allow-credentials')
  })

  test.each(ANSWERS)('of another origin cannot be read: $name, $status', async (row) => {
    const response = await call(world.app, row, OTHER)
    expect(response.statusCode).toBe(row.status)
    expect(response.headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('shows the ETag of a chunk it has sent', async () => {
    const put = await putChunk(world, CHUNK, Buffer.from('x'), { headers: { origin: APP } })
    expect(put.statusCode).toBe(200)
    expect(put.headers['access-control-allow-origin']).toBe(APP)
    expect(list(put.headers['access-control-expose-headers'])).toContain('etag')
    expect(put.headers.etag).toMatch(/^"[0-9a-f]{64}"$/)
  })

  test('of any origin can be read where the setting is `*`', async () => {
    const response = await open.app.inject({ url: '/v1.3/assets', headers: { origin: OTHER } })
    expect(response.headers['access-control-allow-origin']).toBe('*')
  })
})

describe('without the setting', () => {
  test('no preflight is answered', async () => {
    const response = await plain.app.inject({
      ...{ method: 'OPTIONS', url: `/v1.3${UPLOADS}` },
      headers: { origin: APP, 'access-control-request-method': 'POST' },
    })
    expect(response.statusCode).toBe(404)
  })

  test.each(['/v1.3/assets', '/health', '/content/x', '/openapi.json'])(
    'no answer says a word about other origins: %s',
    async (url) => {
      const response = await plain.app.inject({ url, headers: { origin: APP } })
      const names = Object.keys(response.headers)
      expect(names.length).toBeGreaterThan(2)
      expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([])
    },
  )
})
