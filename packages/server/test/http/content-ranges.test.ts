import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  finishUpload,
  pathOf,
  putChunk,
  report,
} from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const DIGITS = Buffer.from('0123456789')

const world = await createWorld()
afterAll(() => world.app.close())
const { path } = await finishUpload(world, DIGITS)

const get = (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
  world.app.inject({ method, url: path, headers })

describe('a Range header', () => {
  test.each([
    ['bytes=0-0', '0', '0-0'],
    ['bytes=0-4', '01234', '0-4'],
    ['bytes=3-5', '345', '3-5'],
    ['bytes=9-9', '9', '9-9'],
    ['bytes=0-9', '0123456789', '0-9'],
    ['bytes=0-', '0123456789', '0-9'],
    ['bytes=7-', '789', '7-9'],
    ['bytes=8-100', '89', '8-9'],
    ['bytes=8-99999999999999999999', '89', '8-9'],
    ['bytes=-1', '9', '9-9'],
    ['bytes=-4', '6789', '6-9'],
    ['bytes=-10', '0123456789', '0-9'],
    ['bytes=-100', '0123456789', '0-9'],
  ])('%s answers 206 with "%s"', async (range, text, shown) => {
    const response = await get({ range })
    expect([response.statusCode, response.body]).toEqual([206, text])
    expect(response.headers).toMatchObject({
      'content-range': `bytes ${shown}/10`,
      'content-length': String(text.length),
      'accept-ranges': 'bytes',
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
      etag: expect.stringMatching(/^".+"$/),
    })
    expectCommonHeaders(response)
  })

  test.each([
    'bytes=0-1,3-4',
    'bytes=0-0, -1',
    'bytes=5-2',
    'bytes=a-b',
    'bytes=1',
    'bytes=-',
    'bytes=',
    'bytes',
    'bytes=1x-5',
    'bytes=0x1-0x5',
    'bytes=1.5-3',
    'bytes=--5',
    'bytes=1-2-3',
    'lines=0-1',
    '0-5',
  ])('%s, several or malformed, answers 200 with the whole file', async (range) => {
    const response = await get({ range })
    expect([response.statusCode, response.body]).toEqual([200, '0123456789'])
    expect(response.headers).not.toHaveProperty('content-range')
    expect(response.headers['content-length']).toBe('10')
  })

  test.each(['bytes=10-', 'bytes=10-20', 'bytes=99-', 'bytes=-0'])(
    '%s, past the end, answers 416 with the size',
    async (range) => {
      const response = await get({ range })
      expectError(response, 416, 'range_not_satisfiable', '`Range`', '10 bytes', range)
      expect(response.headers['content-range']).toBe('bytes */10')
      expect(response.headers).not.toHaveProperty('content-disposition')
    },
  )

  test('past the end is no reason for a cache to keep the 416', async () => {
    const response = await get({ range: 'bytes=10-' })
    expect(response.headers['cache-control'] ?? 'no-store').toBe('no-store')
  })

  // RFC 9110 section 14.2: for other methods than GET a server must ignore it.
  test('is ignored by HEAD', async () => {
    const response = await get({ range: 'bytes=0-1' }, 'HEAD')
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-length']).toBe('10')
  })

  // RFC 9110 section 13.2.2: If-None-Match is looked at first, Range last.
  test.each(['bytes=0-1', 'bytes=10-'])('%s is ignored when nothing has changed', async (range) => {
    const { etag } = (await get({})).headers
    const response = await get({ range, 'if-none-match': String(etag) })
    expect([response.statusCode, response.body]).toEqual([304, ''])
  })

  test('reads across the border of two chunks', async () => {
    const bytes = Buffer.concat([Buffer.alloc(CHUNK_SIZE, 'a'), Buffer.from('bcd')])
    const created = await createUpload(world, { size: bytes.byteLength })
    const pieces = [bytes.subarray(0, CHUNK_SIZE), bytes.subarray(CHUNK_SIZE)]
    for (const [i, piece] of pieces.entries()) {
      await putChunk(world, created.upload_urls[i]!.url, piece)
    }
    const claims = pieces.map((piece, i) => claimOf(i + 1, piece))
    const reported = await report(world, created.upload_id, claims)
    const url = pathOf(reported.json<{ url: string }>().url)
    const whole = await world.app.inject(url)
    expect(whole.rawPayload.equals(bytes)).toBe(true)
    const from = CHUNK_SIZE - 2
    const response = await world.app.inject({
      url,
      headers: { range: `bytes=${from}-${from + 3}` },
    })
    expect([response.statusCode, response.body]).toEqual([206, 'aabc'])
  })
})

describe('If-Range', () => {
  const range = 'bytes=0-1'

  test('with the ETag gives the range', async () => {
    const { etag } = (await get({})).headers
    const response = await get({ range, 'if-range': String(etag) })
    expect([response.statusCode, response.body]).toEqual([206, '01'])
  })

  test.each([
    ['another ETag', () => '"other"'],
    ['the ETag, weak', (etag: string) => `W/${etag}`],
    ['the ETag without quotes', (etag: string) => etag.replaceAll('"', '')],
    ['a date', () => 'Sun, 22 Nov 2026 10:00:00 GMT'],
    ['nothing', () => ''],
  ])('with %s gives the whole file', async (_name, spell) => {
    const { etag } = (await get({})).headers
    const response = await get({ range, 'if-range': spell(String(etag)) })
    expect([response.statusCode, response.body]).toEqual([200, '0123456789'])
  })

  test('with another ETag gives the whole file instead of 416', async () => {
    const response = await get({ range: 'bytes=99-', 'if-range': '"other"' })
    expect([response.statusCode, response.body]).toEqual([200, '0123456789'])
  })
})
