import { afterAll, describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { createUpload, UPLOADS } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const world = await createWorld()
const { upload_id: id } = await createUpload(world, { size: 1 })
afterAll(() => world.app.close())

// The same parameters, checked alike, of every list.
describe.each([
  ['GET /assets/multipart-uploads', UPLOADS],
  ['GET /assets', '/assets'],
  ['GET /assets/multipart-uploads/{upload_id}', `${UPLOADS}/${id}`],
])('%s', (_name, path) => {
  test.each([
    ['page=0', ['`page`', '>= 1', 'received 0']],
    ['page=-1', ['`page`', '>= 1', 'received -1']],
    ['page=1.5', ['`page`', 'integer', '1.5']],
    ['page=two', ['`page`', 'integer', '"two"']],
    ['page=', ['`page`', 'integer', '""']],
    ['page=1&page=2', ['`page`', 'integer']],
    ['page_limit=0', ['`page_limit`', '>= 1', 'received 0']],
    ['page_limit=51', ['`page_limit`', '<= 50', 'received 51']],
    ['page_limit=ten', ['`page_limit`', 'integer', '"ten"']],
    ['page=0&page_limit=51', ['`page`', '`page_limit`']],
  ])('refuses %s', async (query, words) => {
    const response = await world.call('GET', `${path}?${query}`)
    expectError(response, 400, 'parameter_invalid', ...words)
  })

  test.each(['page=99', 'page=1000000000000000000', 'page=100000000000000000000'])(
    'answers an empty page to %s',
    async (query) => {
      const response = await world.call('GET', `${path}?${query}`)
      expect(response.statusCode, response.body).toBe(200)
      const body = response.json<Record<string, unknown>>()
      expect(body.data ?? body.uploaded_chunks).toEqual([])
      expect(body.page_info).toMatchObject({ page: Number(query.slice(5)), total_results: 1 })
    },
  )
})
