import { PartwayError } from '@partway/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import { expectError, expectS3Error } from '../support/http-expect.ts'
import {
  claimOf,
  createUpload,
  finishUpload,
  listed,
  PNG,
  putChunk,
  report,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, type MemoryPorts, type Method, type Response } from '../support/http-world.ts'

const ONE = Buffer.from('one!')
const SECRET = 'SELECT password FROM /var/lib/secret'

const unavailable = () =>
  new PartwayError('service_unavailable', 'The database is locked. Nothing was changed.', {
    retryAfter: 5,
  })
const full = () =>
  new PartwayError('storage_full', 'The store is full. Nothing was stored.', { retryAfter: 30 })
const defect = () => new Error(SECRET)

/** Memory adapters whose methods fail while `error` is set. */
function failing(metadata: (keyof Metadata)[], store: (keyof MemoryPorts['store'] | 'write')[]) {
  const control: { error: (() => Error) | undefined } = { error: undefined }
  const breakable = <T extends object>(port: T, methods: readonly PropertyKey[]): T =>
    new Proxy(port, {
      get(target, name, receiver) {
        if (control.error && methods.includes(name)) {
          const error = control.error()
          // `open` gives a stream; all others a promise.
          const next = () => Promise.reject(error)
          return name === 'open' ? () => ({ [Symbol.asyncIterator]: () => ({ next }) }) : next
        }
        return Reflect.get(target, name, receiver)
      },
    })
  const ports = (memory: MemoryPorts) => ({
    metadata: breakable(memory.metadata, metadata),
    store: breakable(memory.store, store),
    sink: breakable(memory.sink!, store),
  })
  return { control, ports }
}

const BODY = { filename: 'a.mp4', type: 'video', total_size: 4 }
const CLAIMS = { completed_chunks: [claimOf(1, ONE)] }

interface Row {
  name: string
  method: Method
  path: (upload: string, asset: string) => string
  body?: unknown
  metadata: (keyof Metadata)[]
  store?: (keyof MemoryPorts['store'])[]
  status: number
}

const upload = (id: string) => `${UPLOADS}/${id}`
const asset = (_: string, id: string) => `/assets/${id}`

const ROWS: Row[] = [
  ...[
    { name: 'create, recording', metadata: ['createUpload'] as const, store: [] },
    { name: 'create, making room', metadata: [], store: ['begin'] as const },
  ].map((row) => ({
    ...{ name: row.name, method: 'POST' as const, path: () => UPLOADS, body: BODY, status: 201 },
    ...{ metadata: [...row.metadata], store: [...row.store] },
  })),
  { name: 'list', method: 'GET', path: () => UPLOADS, metadata: ['listIncomplete'], status: 200 },
  { name: 'status', method: 'GET', path: upload, metadata: ['findUpload'], status: 200 },
  { name: 'status, chunks', method: 'GET', path: upload, metadata: ['listChunks'], status: 200 },
  {
    ...{ name: 'report, recording', method: 'POST', path: upload, body: CLAIMS, status: 200 },
    metadata: ['recordChunks'],
  },
  {
    ...{ name: 'report, looking', method: 'POST', path: upload, body: CLAIMS, status: 200 },
    ...{ metadata: [], store: ['stat'] },
  },
  {
    ...{ name: 'report, sealing', method: 'POST', path: upload, body: CLAIMS, status: 200 },
    ...{ metadata: [], store: ['seal'] },
  },
  {
    ...{ name: 'report, completing', method: 'POST', path: upload, body: CLAIMS, status: 200 },
    metadata: ['completeUpload'],
  },
  {
    ...{ name: 'presign', method: 'POST', body: { start: 1, count: 1 }, status: 200 },
    ...{ path: (id) => `${UPLOADS}/${id}/presigned-urls`, metadata: [], store: ['presign'] },
  },
  { name: 'abort', method: 'DELETE', path: upload, metadata: ['failUpload'], status: 204 },
  { name: 'assets', method: 'GET', path: () => '/assets', metadata: ['listAssets'], status: 200 },
  { name: 'asset', method: 'GET', path: asset, metadata: ['findAsset'], status: 200 },
  { name: 'delete asset', method: 'DELETE', path: asset, metadata: ['deleteAsset'], status: 204 },
  { name: 'the key', method: 'GET', path: () => '/assets', metadata: ['findKey'], status: 200 },
]

const FAULTS = [
  { fault: unavailable, status: 503, code: 'service_unavailable', retry: '5', words: ['database'] },
  { fault: full, status: 507, code: 'storage_full', retry: '30', words: ['store is full'] },
  { fault: defect, status: 500, code: 'generic_error', retry: undefined, words: ['error'] },
]

describe.each(ROWS)('a failure in $name', async (row) => {
  const { control, ports } = failing(row.metadata, row.store ?? [])
  const world = await createWorld({ ports })
  afterAll(() => world.app.close())

  test.each(FAULTS)('answers $status, and the same request later succeeds', async (expected) => {
    const created = await createUpload(world, { size: ONE.byteLength })
    await putChunk(world, created.upload_urls[0]!.url, ONE)
    const path = row.path(created.upload_id, created.asset_id)
    const request = () =>
      world.call(row.method, path, row.body === undefined ? {} : { body: row.body })

    control.error = expected.fault
    const response = await request()
    expectError(response, expected.status, expected.code, ...expected.words)
    expect(response.headers['retry-after']).toBe(expected.retry)
    expect(response.body).not.toContain('SELECT')
    const logged = world.logs.filter((line) => line.reqId === response.headers['x-request-id'])
    const [error] = logged.flatMap(({ level, err }) => (level >= 50 && err ? [err] : []))
    expect(error!.message).toContain(expected.fault().message)
    expect(error!.stack).toContain('failures.test')

    control.error = undefined
    const again = await request()
    expect(again.statusCode, again.body).toBe(row.status)
  })
})

describe('a failure between the last report and its answer', () => {
  test.each([['seal'], ['completeUpload']])(
    'in %s is mended by repeating the report',
    async (at) => {
      const { control, ports } = failing(
        at === 'seal' ? [] : ['completeUpload'],
        at === 'seal' ? ['seal'] : [],
      )
      await using world = await createWorld({ ports })
      const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 4 })
      await putChunk(world, urls[0]!.url, ONE)
      control.error = unavailable
      expectError(await report(world, id, [claimOf(1, ONE)]), 503, 'service_unavailable')
      control.error = undefined
      expect((await report(world, id, [claimOf(1, ONE)])).json()).toMatchObject({
        processed_chunks: 0,
        duplicate_chunks: 1,
        total_completed: 1,
        url: expect.any(String),
      })
      expect((await statusOf(world, id)).status).toBe('completed')
    },
  )
})

describe('a create that fails', () => {
  test('leaves no upload behind', async () => {
    const { control, ports } = failing(['createUpload'], [])
    await using world = await createWorld({ ports })
    control.error = unavailable
    await world.call('POST', UPLOADS, { body: BODY })
    control.error = undefined
    expect((await listed(world)).data).toEqual([])
  })
})

describe('a failure of the store while a chunk is written', () => {
  test.each([
    { fault: unavailable, status: 503, code: 'ServiceUnavailable', retry: '5' },
    { fault: full, status: 507, code: 'InsufficientStorage', retry: '30' },
    { fault: defect, status: 500, code: 'InternalError', retry: undefined },
  ])('answers $status in XML, and the same PUT later succeeds', async (expected) => {
    const { control, ports } = failing([], ['write'])
    await using world = await createWorld({ ports })
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 4 })
    control.error = expected.fault
    const response = await putChunk(world, urls[0]!.url, ONE)
    expectS3Error(response, expected.status, expected.code)
    expect(response.headers['retry-after']).toBe(expected.retry)
    expect(response.body).not.toContain('SELECT')
    control.error = undefined
    expect((await putChunk(world, urls[0]!.url, ONE)).statusCode).toBe(200)
    expect((await report(world, id, [claimOf(1, ONE)])).statusCode).toBe(200)
  })
})

describe('a failure of the store while content is read', () => {
  const expectNoTrace = ({ headers }: Response) => {
    for (const name of ['etag', 'content-range', 'content-disposition', 'accept-ranges']) {
      expect(headers).not.toHaveProperty(name)
    }
    expect(headers['cache-control'] ?? 'no-store').toBe('no-store')
  }

  test.each(FAULTS)('answers $status without the headers of the file', async (expected) => {
    const { control, ports } = failing([], ['open'])
    await using world = await createWorld({ ports })
    const { path } = await finishUpload(world, PNG)
    control.error = expected.fault
    const response = await world.app.inject({ url: path, headers: { range: 'bytes=0-3' } })
    expectError(response, expected.status, expected.code)
    expectNoTrace(response)
    control.error = undefined
    expect((await world.app.inject(path)).rawPayload).toEqual(PNG)
  })
})
