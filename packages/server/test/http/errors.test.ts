import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import { exchange, head } from '../support/http-raw.ts'
import { UPLOADS } from '../support/http-uploads.ts'
import { createWorld, listen, type Method } from '../support/http-world.ts'

const world = await createWorld()
const { port } = await listen(world)
afterAll(() => world.app.close())

const VALID = { filename: 'a.mp4', type: 'video', total_size: 1 }
const ID = '507f1f77bcf86cd799439011'

const JSON_ROUTES = [UPLOADS, `${UPLOADS}/${ID}`, `${UPLOADS}/${ID}/presigned-urls`]

describe.each(JSON_ROUTES)('POST %s', (path) => {
  const post = (body: string, type = 'application/json') =>
    world.call('POST', path, { body, headers: { 'content-type': type } })

  test.each([
    ['an open brace', '{'],
    ['words', 'not json'],
    ['a trailing comma', '{"start": 1,}'],
    ['single quotes', "{'start': 1}"],
    ['two documents', '{} {}'],
    ['a byte order mark and half a document', '\ufeff{"start"'],
  ])('answers 400 to malformed JSON: %s', async (_name, body) => {
    expectError(await post(body), 400, 'invalid_request', 'JSON')
  })

  test.each([
    ['text/plain', 'text/plain'],
    ['a form', 'application/x-www-form-urlencoded'],
    ['multipart', 'multipart/form-data; boundary=x'],
    ['bytes', 'application/octet-stream'],
    ['XML', 'application/xml'],
    ['no type at all', 'nonsense'],
  ])('answers 400 to a body of another content type: %s', async (_name, type) => {
    const body = JSON.stringify(VALID)
    expectError(await post(body, type), 400, 'content_type_invalid', 'application/json')
  })

  test('answers 413 to a body over 1 MiB', async () => {
    const body = JSON.stringify({ ...VALID, padding: 'x'.repeat(1024 * 1024) })
    expectError(await post(body), 413, 'request_too_large', '1 MiB')
  })

  test('answers 413 to a body announced over 1 MiB, before it is sent', async () => {
    const answer = await exchange(
      port,
      head(`POST /v1.3${path}`, {
        ...{ Host: '127.0.0.1', 'X-Api-Key': world.alice },
        ...{ 'Content-Type': 'application/json', 'Content-Length': String(1024 * 1024 + 1) },
      }),
    )
    expectError(answer, 413, 'request_too_large', '1 MiB')
  })

  test('answers 413 to a chunked body that grows over 1 MiB', async () => {
    const answer = await exchange(
      port,
      `${head(`POST /v1.3${path}`, {
        ...{ Host: '127.0.0.1', 'X-Api-Key': world.alice },
        ...{ 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
      })}110000\r\n${' '.repeat(0x110000)}\r\n0\r\n\r\n`,
    )
    expectError(answer, 413, 'request_too_large', '1 MiB')
  })
})

describe('a body of exactly 1 MiB', () => {
  test('is read', async () => {
    const frame = JSON.stringify({ ...VALID, padding: '' })
    const body = frame.replace('""', `"${'x'.repeat(1024 * 1024 - frame.length)}"`)
    expect(body).toHaveLength(1024 * 1024)
    expect((await world.call('POST', UPLOADS, { body })).statusCode).toBe(201)
  })
})

describe('an unknown route or method answers 404', () => {
  test.each<[Method, string]>([
    ['POST', '/'],
    ['GET', '/nowhere'],
    ['POST', '/nowhere'],
    ['GET', '/v1.3'],
    ['GET', '/v1.2/assets'],
    ['GET', '/assets'],
    ['GET', '/v1.3/nowhere'],
    ['PATCH', `/v1.3${UPLOADS}`],
    ['PUT', `/v1.3${UPLOADS}`],
    ['PUT', `/v1.3${UPLOADS}/${ID}`],
    ['PATCH', `/v1.3${UPLOADS}/${ID}`],
    ['GET', `/v1.3${UPLOADS}/${ID}/presigned-urls`],
    ['PUT', `/v1.3${UPLOADS}/${ID}/presigned-urls`],
    ['POST', `/v1.3/assets/${ID}`],
    ['PUT', `/v1.3/assets/${ID}`],
    ['POST', '/health'],
    ['DELETE', '/openapi.json'],
    ['OPTIONS', `/v1.3${UPLOADS}`],
    ['GET', '/v1.3/assets/multipart-uploads/a/b/c'],
    ['GET', `/${'x'.repeat(5000)}`],
    ['GET', '/<script>alert(1)</script>'],
  ])('%s %s', async (method, url) => {
    const response = await world.app.inject({ method, url, headers: { 'x-api-key': world.alice } })
    expectError(response, 404, 'not_found', method)
  })

  test.each([
    ['of JSON', 'application/json', '{"a":1}'],
    ['of broken JSON', 'application/json', '{'],
    ['of another type', 'text/csv', 'a,b'],
    ['of bytes', 'application/octet-stream', 'bytes'],
  ])('with a body %s', async (_name, type, payload) => {
    const headers = { 'content-type': type }
    const response = await world.app.inject({ method: 'POST', url: '/nowhere', headers, payload })
    expectError(response, 404, 'not_found', 'POST', '/nowhere')
  })

  test('without the query, which may hold a signature', async () => {
    const response = await world.app.inject('/nowhere?signature=secret')
    expectError(response, 404, 'not_found', '/nowhere')
    expect(response.body).not.toContain('secret')
  })
})

describe('a malformed URL escape answers 400', () => {
  test.each([
    '/v1.3/assets/%zz',
    '/v1.3/assets/%',
    '/v1.3/assets/%E0%A4%A',
    `/v1.3${UPLOADS}/%c3%28`,
    '/content/%zz',
    '/%',
  ])('GET %s', async (url) => {
    const response = await world.app.inject({ url, headers: { 'x-api-key': world.alice } })
    expectError(response, 400, 'invalid_request')
  })
})

describe('malformed HTTP answers 400 in the same shape', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n'],
    ['a length that is no number', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n'],
    ['two lengths', 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    [
      'a length and a transfer coding',
      'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['a path without a slash', 'GET nowhere HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['headers beyond measure', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('%s', async (_name, text) => {
    expectError(await exchange(port, text), 400, 'invalid_request', 'HTTP')
  })

  test('a request without a Host', async () => {
    const answer = await exchange(port, 'GET /health HTTP/1.1\r\n\r\n')
    expectError(answer, 400, 'invalid_request', 'Host')
  })
})

describe('every answer', () => {
  test('has a request id of its own, which leads to the log', async () => {
    const headers = { 'x-request-id': 'from-outside', 'request-id': 'from-outside' }
    const ids: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const response = await world.call('GET', `/assets/bad${i}`, { headers })
      expectCommonHeaders(response)
      ids.push(response.headers['x-request-id'])
    }
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) {
      const lines = world.logs.filter((line) => line.reqId === id)
      expect(lines.map((line) => line.status)).toContain(400)
    }
  })

  test.each([
    ['200', '/health'],
    ['404', '/nowhere'],
    ['401', '/v1.3/assets'],
    ['302 or 200', '/docs'],
    ['200', '/openapi.json'],
    ['400', '/%zz'],
  ])('carries the API version and a request id: %s', async (_status, url) => {
    expectCommonHeaders(await world.app.inject(url))
  })
})
