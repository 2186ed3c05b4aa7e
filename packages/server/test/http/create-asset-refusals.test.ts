import { PartwayError } from '@partway/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import { expectError } from '../support/http-expect.ts'
import { PNG } from '../support/http-uploads.ts'
import { createWorld, type MemoryPorts, type Response, type World } from '../support/http-world.ts'

const TYPE = 'multipart/form-data; boundary=B'
const END = Buffer.from('--B--\r\n')

const part = (head: string, body: string | Uint8Array) =>
  Buffer.concat([Buffer.from(`--B\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')])
const field = (name: string, value: string) =>
  part(`Content-Disposition: form-data; name="${name}"`, value)
const file = (bytes: string | Uint8Array = PNG, filename = 'a.png', name = 'file') =>
  part(`Content-Disposition: form-data; name="${name}"; filename="${filename}"`, bytes)
const DIRECT = field('method', 'direct')
const BY_URL = field('method', 'url')
const URL = field('url', 'https://example.com/a.png')

const world = await createWorld()
afterAll(() => world.app.close())

function send(
  payload: Buffer | string,
  headers: Record<string, string> = {},
  to: World = world,
): Promise<Response> {
  return to.app.inject({
    ...{ method: 'POST', url: '/v1.3/assets', payload },
    headers: { 'content-type': TYPE, 'x-api-key': to.alice, ...headers },
  })
}
const post = (parts: Buffer[], to: World = world) => send(Buffer.concat([...parts, END]), {}, to)

/** No asset shows, and of `begun` uploads each has failed and was freed. */
/** An upload of which every chunk was there is freed by the sweep, as the store may still be sealing it. */
async function expectNothingLeft({ ports }: World, begun: number, swept = 0): Promise<void> {
  const { metadata, store } = ports
  const { total } = await metadata.listAssets('alice', { page: 1, limit: 1 }, {})
  const left = await metadata.listFreeable(Number.POSITIVE_INFINITY, 100)
  expect(left).toHaveLength(swept)
  for (const upload of left) {
    await store.abort(upload)
    await metadata.markFreed(upload.id)
  }
  const freeable = await metadata.listFreeable(Number.POSITIVE_INFINITY, 100)
  const freed = await metadata.purgeUploads(Number.POSITIVE_INFINITY, 100)
  expect({ total, freeable, freed }).toEqual({ total: 0, freeable: [], freed: begun })
}

type Row = [name: string, parts: Buffer[], begun: number, code: string, ...words: string[]]

const MISSING = 'parameter_not_provided'
const WRONG = 'parameter_invalid'
const long = (count: number) => 'x'.repeat(count)
const pairs = (text: string) => field('user_metadata', text)

const ROWS: Row[] = [
  ['no part at all', [], 0, MISSING, '`method`'],
  ['no method', [file()], 1, MISSING, '`method`'],
  ['an empty method', [field('method', ''), file()], 1, MISSING, '`method`'],
  ['an unknown method', [field('method', 'fax'), file()], 0, WRONG, '`method`', 'direct', '"fax"'],
  ['an unknown method after the file', [file(), field('method', 'fax')], 1, WRONG, '`method`'],
  ['a huge method', [field('method', long(300_000)), file()], 0, WRONG, '`method`', '256 KiB'],
  ['a method in capitals', [field('method', 'DIRECT'), file()], 0, WRONG, '`method`', '"DIRECT"'],
  ['a method of its own type', [file(), part(json('method'), '{"a":1}')], 1, WRONG, '`method`'],
  ['no file', [DIRECT], 0, MISSING, '`file`'],
  ['a file as text', [DIRECT, field('file', 'hello')], 1, WRONG, '`file`', 'content'],
  ['a file of another name', [DIRECT, file(PNG, 'a.png', 'video')], 0, MISSING, '`file`'],
  ['an empty file', [DIRECT, file('')], 0, WRONG, '`file`', 'empty'],
  ['an empty file first', [file(''), DIRECT], 0, WRONG, '`file`', 'empty'],
  ['a file of unknown kind', [DIRECT, file('???', 'a.xyz')], 1, WRONG, '`file`', 'name'],
  ['a file without any hint', [DIRECT, file('???', '')], 1, WRONG, '`file`', 'name'],
  ['two files', [DIRECT, file(), file()], 1, 'invalid_request', 'parts'],
  ['60 text parts', [...Array(60).fill(DIRECT), file()], 1, 'invalid_request', 'parts'],
  ['a file with method url', [BY_URL, URL, file()], 0, WRONG, '`file`', 'url'],
  ['a file before method url', [file(), BY_URL, URL], 1, WRONG, '`file`', 'url'],
  ['no URL', [BY_URL], 0, MISSING, '`url`'],
  ['an empty URL', [BY_URL, field('url', '')], 0, MISSING, '`url`'],
  ['no such URL', [BY_URL, field('url', 'a.png')], 0, WRONG, '`url`'],
  ['half a URL', [BY_URL, field('url', 'https://')], 0, WRONG, '`url`'],
  ['an ftp URL', [BY_URL, field('url', 'ftp://example.com/a')], 0, WRONG, '`url`', 'http'],
  ['a file URL', [BY_URL, field('url', 'file:///etc/passwd')], 0, WRONG, '`url`', 'http'],
  ['a script URL', [BY_URL, field('url', 'javascript:alert(1)')], 0, WRONG, '`url`', 'http'],
  ['a NUL in the URL', [BY_URL, field('url', 'http://x/a\0b')], 0, WRONG, '`url`'],
  ['a long URL', [BY_URL, field('url', `http://x/${long(8192)}`)], 0, WRONG, '`url`', '8192'],
  ['a huge URL', [BY_URL, field('url', `http://x/${long(300_000)}`)], 0, WRONG, '`url`', '256 KiB'],
  ['256 characters of name', [DIRECT, field('filename', long(256)), file()], 0, WRONG, '255'],
  ['256 characters of name, last', [file(), DIRECT, field('filename', long(256))], 1, WRONG, '255'],
  ['256 characters of part name', [DIRECT, file(PNG, long(256))], 1, WRONG, '`filename`', '255'],
  ['256 characters for a URL', [BY_URL, URL, field('filename', long(256))], 0, WRONG, '255'],
  ['a path for a name', [DIRECT, field('filename', '../a.png'), file()], 0, WRONG, '`filename`'],
  ['a tab in the name', [DIRECT, field('filename', 'a\tb.png'), file()], 0, WRONG, '`filename`'],
  ['a line in the name', [DIRECT, field('filename', 'a\r\nb.png'), file()], 0, WRONG, '`filename`'],
  ['a NUL in the part name', [DIRECT, file(PNG, 'a\0b.png')], 1, WRONG, '`filename`'],
  ['a C1 control in the name', [DIRECT, file(PNG, 'a\u0085b.png')], 1, WRONG, '`filename`'],
  ['pairs that are no JSON', [DIRECT, pairs('{a:1}'), file()], 0, WRONG, '`user_metadata`', 'JSON'],
  ['pairs cut off, last', [DIRECT, file(), pairs('{"a":')], 1, WRONG, '`user_metadata`', 'JSON'],
  ['an array of pairs', [DIRECT, pairs('[1]'), file()], 0, WRONG, '`user_metadata`', 'object'],
  ['text for pairs', [DIRECT, pairs('"a"'), file()], 0, WRONG, '`user_metadata`', 'object'],
  ['an object in the pairs', [DIRECT, pairs('{"a":{}}'), file()], 0, WRONG, '`user_metadata.a`'],
  ['an array in the pairs', [DIRECT, file(), pairs('{"a":[]}')], 1, WRONG, '`user_metadata.a`'],
  ['huge pairs', [DIRECT, pairs(`{"a":"${long(300_000)}"}`), file()], 0, WRONG, '256 KiB'],
  ['deep pairs', [DIRECT, pairs('['.repeat(100_000)), file()], 0, WRONG, '`user_metadata`'],
  ...['TRUE', '1', 'yes', 'on', '"true"'].flatMap((value): Row[] => [
    [`HLS ${value}`, [DIRECT, field('enable_hls', value), file()], 0, WRONG, '`enable_hls`'],
    [`a picture ${value}`, [DIRECT, file(), field('enable_thumbnail', value)], 1, WRONG, 'boolean'],
  ]),
  ['a wrong wish with a URL', [BY_URL, URL, field('enable_hls', 'x')], 0, WRONG, '`enable_hls`'],
  ['a field of JavaScript', [DIRECT, field('__proto__', 'x'), file()], 1, 'invalid_request'],
  ['a file of JavaScript', [DIRECT, file(PNG, 'a', 'constructor'), file()], 1, 'invalid_request'],
]

function json(name: string): string {
  return `Content-Disposition: form-data; name="${name}"\r\nContent-Type: application/json`
}

describe('a form is refused with 400, and nothing is left of it, with', () => {
  test.each(ROWS)('%s', async (_name, parts, begun, code, ...words) => {
    expectError(await post(parts), 400, code, ...words)
    await expectNothingLeft(world, begun)
  })

  test('every wrong part named', async () => {
    const wrong = ['method', 'enable_hls', 'enable_thumbnail']
    const response = await post([...wrong.map((name) => field(name, '?')), file()])
    expectError(response, 400, WRONG, ...wrong.map((name) => `\`${name}\``))
  })

  test.each(['a user and a password', 'a user'])(
    'a URL with %s, which is not repeated',
    async (n) => {
      const login = n.includes('password') ? 'me:hunter2' : 'hunter2'
      const response = await post([BY_URL, field('url', `https://${login}@example.com/a.png`)])
      expectError(response, 400, WRONG, '`url`', 'password')
      expect(response.body).not.toContain('hunter2')
      expect(JSON.stringify(world.logs)).not.toContain('hunter2')
    },
  )
})

describe('what is no such form', () => {
  const CONTENT = 'content_type_invalid'
  test.each([
    ['JSON', 'application/json', '{"method":"direct"}', CONTENT],
    ['a form of names and values', 'application/x-www-form-urlencoded', 'method=direct', CONTENT],
    ['another multipart', 'multipart/mixed; boundary=B', END, CONTENT],
    ['a form without a boundary', 'multipart/form-data', END, undefined],
    ['a form with an empty boundary', 'multipart/form-data; boundary=', END, undefined],
    ['a form with another boundary', 'multipart/form-data; boundary=C', END, undefined],
    ['no form at all', TYPE, 'hello', undefined],
    ['a form without its end', TYPE, Buffer.concat([DIRECT, file()]), undefined],
    ['a form cut off in a file', TYPE, Buffer.concat([DIRECT, file()]).subarray(0, -30), undefined],
    ['a form cut off in a head', TYPE, Buffer.concat([DIRECT, file()]).subarray(0, 90), undefined],
    ['a form cut off in a text part', TYPE, DIRECT.subarray(0, -5), undefined],
  ])('is refused with 400: %s', async (_name, type, payload, code) => {
    const response = await send(payload, { 'content-type': type })
    const { code: found } = response.json<{ code: string }>()
    expectError(response, 400, code ?? found)
    const { metadata } = world.ports
    expect((await metadata.listAssets('alice', { page: 1, limit: 1 }, {})).total).toBe(0)
    expect(await metadata.expireUploads(Number.POSITIVE_INFINITY, 'still active', 1)).toEqual([])
    await metadata.purgeUploads(Number.POSITIVE_INFINITY, 100)
  })

  test('is refused without a type', async () => {
    const response = await world.app.inject({
      ...{ method: 'POST', url: '/v1.3/assets', payload: Buffer.concat([DIRECT, file(), END]) },
      headers: { 'x-api-key': world.alice },
    })
    expectError(response, 400, CONTENT, 'multipart/form-data')
  })

  test.each([
    ['no', { 'x-api-key': '' }],
    ['a wrong', { 'x-api-key': 'wrong' }],
  ])('is refused with 401 before anything else with %s key', async (_name, headers) => {
    expectError(await send('{}', headers), 401, 'api_key_invalid')
    expectError(await send('{}', { ...headers, 'content-type': 'x' }), 401, 'api_key_invalid')
  })
})

describe('a file over the limit of its type', () => {
  const KIB = 1024
  const limited = () =>
    createWorld({
      env: Object.fromEntries(
        [
          ['VIDEO', '4KiB'] as const,
          ['AUDIO', '3KiB'],
          ['IMAGE', '2KiB'],
          ['DOCUMENT', '1KiB'],
        ].map(([type, size]) => [`PARTWAY_MAX_${type}_SIZE`, size]),
      ),
    })

  test.each([
    ['a.mp4', 4, 'video_filesize_too_large'],
    ['a.mp3', 3, WRONG],
    ['a.jpg', 2, WRONG],
    ['a.txt', 1, WRONG],
  ])('is refused, and just under it is taken: %s', async (name, limit, code) => {
    await using small = await limited()
    const over = [DIRECT, file(Buffer.alloc(limit * KIB + 1, 'a'), name)]
    expectError(await post(over, small), 400, code, '`file`', limit * KIB)
    await expectNothingLeft(small, 1)
    const most = await post([DIRECT, file(Buffer.alloc(limit * KIB, 'a'), name)], small)
    expect(most.statusCode).toBe(201)
  })

  test('is refused when its name is only told after it', async () => {
    await using small = await limited()
    const parts = [file(Buffer.alloc(2000, 'a'), 'a.mp4'), DIRECT, field('filename', 'a.txt')]
    expectError(await post(parts, small), 400, WRONG, '`file`', 'document', KIB)
    await expectNothingLeft(small, 1, 1)
  })

  test('is told by its content, whatever its name', async () => {
    await using small = await limited()
    const image = Buffer.concat([PNG, Buffer.alloc(2 * KIB)])
    expectError(await post([DIRECT, file(image, 'a.mp4')], small), 400, WRONG, 'image', 2 * KIB)
  })
})

describe('what cannot be kept', () => {
  const full = () => new PartwayError('storage_full', 'The store is full.', { retryAfter: 30 })
  const away = () => new PartwayError('service_unavailable', 'The database is away.')
  const fail = (error: () => Error) => async () => {
    throw error()
  }
  const store = (changes: Partial<MemoryPorts['store']>) => (ports: MemoryPorts) => ({
    store: { ...ports.store, ...changes },
  })
  const metadata = (changes: Partial<Metadata>) => (ports: MemoryPorts) => ({
    metadata: { ...ports.metadata, ...changes },
  })

  test.each([
    ['no room at the beginning', store({ begin: fail(full) }), 0, 507, 'storage_full'],
    ['no room for a chunk', store({ put: fail(full) }), 1, 507, 'storage_full'],
    ['no room for the whole', store({ seal: fail(full) }), 1, 507, 'storage_full'],
    ['no database at the beginning', metadata({ createIngest: fail(away) }), 0, 503, undefined],
    ['no database at a chunk', metadata({ recordChunks: fail(away) }), 1, 503, undefined],
    ['no database for the asset', metadata({ planIngest: fail(away) }), 1, 503, undefined],
    ['no database at the end', metadata({ completeUpload: fail(away) }), 1, 503, undefined],
    ['a defect', store({ put: fail(() => new Error('secret path')) }), 1, 500, 'generic_error'],
  ])('is answered as such, and nothing is left: %s', async (name, ports, begun, status, code) => {
    await using broken = await createWorld({ ports })
    const response = await post([DIRECT, file()], broken)
    expectError(response, status, code ?? 'service_unavailable')
    expect(response.body).not.toContain('secret')
    const complete = /for the whole|at the end/.test(name)
    await expectNothingLeft(broken, begun, complete ? 1 : 0)
  })

  test('is told for what it is even when the database is away then', async () => {
    const ports = (memory: MemoryPorts) => ({
      store: { ...memory.store, put: fail(full) },
      metadata: { ...memory.metadata, failUpload: fail(away) },
    })
    await using broken = await createWorld({ ports })
    expectError(await post([DIRECT, file()], broken), 507, 'storage_full')
  })
})
