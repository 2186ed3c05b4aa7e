import type { PresignResponse } from '@partway/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { exchange, head } from '../support/http-raw.ts'
import { createUpload, UPLOADS } from '../support/http-uploads.ts'
import { createWorld, type Headers, listen } from '../support/http-world.ts'

const INDENTED = '{\n  "start": 1,\n  "count": 10\n}'
const COMPACT = '{"start":1,"count":10}'
const JSON_TYPE = 'application/json'

interface Sample {
  language: string
  /** The headers as that language's HTTP client writes them, but for Host and Content-Length. */
  headers: (key: string) => Headers
  /** The body, byte for byte. */
  body: string
}

/**
 * What the seed's code samples put on the wire: the two headers that each sets, in its order and
 * spelling, and what its client is known to add.
 */
const SAMPLES: Sample[] = [
  {
    language: 'python (requests)',
    headers: (key) => ({
      ...{ 'User-Agent': 'python-requests/2.32.3', Accept: '*/*' },
      ...{ 'x-api-key': key, 'Content-Type': JSON_TYPE },
    }),
    body: '{"start": 1, "count": 10}',
  },
  {
    language: 'javascript (fetch)',
    headers: (key) => ({
      ...{ 'x-api-key': key, 'content-type': JSON_TYPE },
      ...{ accept: '*/*', 'user-agent': 'node' },
    }),
    body: COMPACT,
  },
  {
    language: 'go (net/http)',
    headers: (key) => ({
      'User-Agent': 'Go-http-client/1.1',
      'Content-Type': JSON_TYPE,
      'X-Api-Key': key,
    }),
    body: INDENTED,
  },
  {
    language: 'ruby (Net::HTTP)',
    headers: (key) => ({
      ...{ Accept: '*/*', 'User-Agent': 'Ruby' },
      ...{ 'X-Api-Key': key, 'Content-Type': JSON_TYPE },
    }),
    body: INDENTED,
  },
  {
    language: 'java (Unirest)',
    headers: (key) => ({
      ...{ 'x-api-key': key, 'Content-Type': JSON_TYPE },
      'User-Agent': 'unirest-java/3.1.00',
    }),
    body: INDENTED,
  },
  {
    language: 'php (Guzzle)',
    headers: (key) => ({
      'User-Agent': 'GuzzleHttp/7',
      'Content-Type': JSON_TYPE,
      'x-api-key': key,
    }),
    body: INDENTED,
  },
  {
    language: 'csharp (RestSharp)',
    headers: (key) => ({
      ...{ 'x-api-key': key, 'Content-Type': JSON_TYPE },
      Accept:
        'application/json, text/json, text/x-json, text/javascript, application/xml, text/xml',
      'User-Agent': 'RestSharp/106.15.0.0',
    }),
    body: INDENTED,
  },
  {
    // A Swift dictionary has no order, so either field may come first.
    language: 'swift (URLSession)',
    headers: (key) => ({
      ...{ 'Content-Type': JSON_TYPE, 'x-api-key': key },
      ...{ Accept: '*/*', 'User-Agent': 'sample/1 CFNetwork/1568.100.1 Darwin/24.0.0' },
    }),
    body: '{"count":10,"start":1}',
  },
]

const world = await createWorld()
const { origin, port } = await listen(world)
afterAll(() => world.app.close())

describe("the seed's sample", () => {
  test.each(SAMPLES)('in $language gets its URLs', async ({ headers, body }) => {
    const { upload_id: id } = await createUpload(world, { size: 104857600 })
    const line = `POST /v1.3${UPLOADS}/${id}/presigned-urls`
    const request = head(line, {
      Host: `127.0.0.1:${port}`,
      ...headers(world.alice),
      'Content-Length': String(Buffer.byteLength(body)),
    })
    const answer = await exchange(port, request + body)
    expect(answer.statusCode, answer.body).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    const presigned = JSON.parse(answer.body) as PresignResponse
    expect(presigned).toEqual({
      upload_id: id,
      start_index: 1,
      count: 10,
      upload_urls: Array.from({ length: 10 }, (_, i) => ({
        chunk_index: i + 1,
        url: expect.stringMatching(
          `^${origin}/chunks/${id}/${i + 1}\\?size=5242880&expires=1795345200&signature=[\\w-]{43}$`,
        ),
        expires_at: '2026-11-22T11:00:00Z',
      })),
      generated_at: '2026-11-22T10:00:00Z',
      expires_at: '2026-11-22T11:00:00Z',
    })
  })
})
