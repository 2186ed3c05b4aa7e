import { afterAll, describe, expect, test } from 'vitest'
import { expectAlike, expectError } from '../support/http-expect.ts'
import {
  claimOf,
  createUpload,
  finishUpload,
  PNG,
  putChunk,
  report,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, type Method, UNKNOWN_ID } from '../support/http-world.ts'

const BYTES = Buffer.from('bytes')

const world = await createWorld()
afterAll(() => world.app.close())

const active = await createUpload(world, { size: BYTES.byteLength })
await putChunk(world, active.upload_urls[0]!.url, BYTES)
const completed = await finishUpload(world, PNG)

type Route = [method: Method, path: (id: string) => string, body?: unknown]

const UPLOAD_ROUTES: Route[] = [
  ['GET', (id) => `${UPLOADS}/${id}`],
  ['GET', (id) => `${UPLOADS}/${id}?page=9`],
  ['GET', (id) => `${UPLOADS}/${id}/chunk-map`],
  ['POST', (id) => `${UPLOADS}/${id}`, { completed_chunks: [claimOf(1, BYTES)] }],
  ['POST', (id) => `${UPLOADS}/${id}`, { completed_chunks: [{ ...claimOf(99, BYTES) }] }],
  ['POST', (id) => `${UPLOADS}/${id}/presigned-urls`, { start: 1, count: 1 }],
  ['POST', (id) => `${UPLOADS}/${id}/presigned-urls`, { start: 99, count: 1 }],
  ['DELETE', (id) => `${UPLOADS}/${id}`],
]

const ASSET_ROUTES: Route[] = [
  ['GET', (id) => `/assets/${id}`],
  ['DELETE', (id) => `/assets/${id}`],
]

const shown = ([method, path]: Route) => `${method} ${path('ID')}`

/** Bob asks for what is Alice's, and for what never was. */
async function expectSecret([method, path, body]: Route, id: string, collection: string) {
  const call = { key: world.bob, ...(body === undefined ? {} : { body }) }
  const hidden = await world.call(method, path(id), call)
  const unknown = await world.call(method, path(UNKNOWN_ID), call)
  expectError(hidden, 404, 'resource_not_exist', id, collection)
  expectError(unknown, 404, 'resource_not_exist', UNKNOWN_ID, collection)
  expectAlike(hidden, unknown, [id, UNKNOWN_ID])
}

describe("another account's upload answers exactly like one that does not exist", () => {
  test.each(UPLOAD_ROUTES.map((route) => ({ name: shown(route), route })))(
    '$name',
    async ({ route }) => {
      await expectSecret(route, active.upload_id, 'multipart-uploads')
      await expectSecret(route, completed.uploadId, 'multipart-uploads')
      expect(await statusOf(world, active.upload_id)).toMatchObject({
        status: 'active',
        chunks_completed: 0,
      })
    },
  )
})

describe("another account's asset answers exactly like one that does not exist", () => {
  test.each(ASSET_ROUTES.map((route) => ({ name: shown(route), route })))(
    '$name',
    async ({ route }) => {
      await expectSecret(route, active.asset_id, 'assets')
      await expectSecret(route, completed.assetId, 'assets')
      const asset = await world.call('GET', `/assets/${completed.assetId}`)
      expect(asset.statusCode).toBe(200)
    },
  )
})

describe("another account's lists", () => {
  test.each([UPLOADS, '/assets'])('are empty at %s', async (path) => {
    const mine = await world.call('GET', path)
    expect(mine.json<{ data: unknown[] }>().data).not.toEqual([])
    const theirs = await world.call('GET', path, { key: world.bob })
    expect(theirs.json()).toMatchObject({ data: [], page_info: { total_results: 0 } })
  })
})

describe('the id of one kind', () => {
  test.each([
    ['an asset is no upload', () => `${UPLOADS}/${completed.assetId}`],
    ['an upload is no asset', () => `/assets/${completed.uploadId}`],
  ])('of %s', async (_name, path) => {
    expectError(await world.call('GET', path()), 404, 'resource_not_exist')
  })

  test('of an upload is still of use to its owner', async () => {
    const response = await report(world, active.upload_id, [claimOf(1, BYTES)])
    expect(response.statusCode).toBe(200)
  })
})

describe('a malformed id', () => {
  const MALFORMED = [
    ['too short', '507f1f77bcf86cd79943901'],
    ['too long', '507f1f77bcf86cd7994390111'],
    ['in upper case', '507F1F77BCF86CD799439011'],
    ['not hexadecimal', 'zzzzzzzzzzzzzzzzzzzzzzzz'],
    ['a path', '..%2F..%2Fetc%2Fpasswd'],
    ['a NUL', '507f1f77bcf86cd79943901%00'],
    ['very long', 'a'.repeat(4000)],
  ] as const

  describe.each(
    [...UPLOAD_ROUTES, ...ASSET_ROUTES].map((route) => ({ name: shown(route), route })),
  )('at $name', ({ route: [method, path, body] }) => {
    test.each(MALFORMED)('that is %s answers 400', async (_name, id) => {
      const response = await world.call(method, path(id), body === undefined ? {} : { body })
      const parameter = path('').startsWith(UPLOADS) ? '`upload_id`' : '`asset_id`'
      expectError(response, 400, 'parameter_invalid', parameter, '24', 'hexadecimal')
    })
  })
})
