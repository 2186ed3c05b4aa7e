import type { PresignResponse } from '@partway/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  finishUpload,
  golden,
  PNG,
  putChunk,
  report,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, HOUR, type World } from '../support/http-world.ts'

function presign(world: World, id: string, body: unknown) {
  return world.call('POST', `${UPLOADS}/${id}/presigned-urls`, { body })
}

const shared = await createWorld()
const twenty = await createUpload(shared, { size: 20 * CHUNK_SIZE })
afterAll(() => shared.app.close())

describe('POST /assets/multipart-uploads/{upload_id}/presigned-urls', () => {
  test('answers 200 with a URL for each chunk asked for', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 104857600 })
    world.ports.clock.advance(5 * 60_000)
    const response = await presign(world, id, { start: 11, count: 10 })
    expect(response.statusCode).toBe(200)
    expectCommonHeaders(response)
    expect(golden(response)).toEqual({
      upload_id: id,
      start_index: 11,
      count: 10,
      upload_urls: Array.from({ length: 10 }, (_, i) => ({
        chunk_index: 11 + i,
        url: `http://localhost:80/chunks/${id}/${11 + i}?size=5242880&expires=1795345500&signature=SIGNATURE`,
        expires_at: '2026-11-22T11:05:00Z',
      })),
      generated_at: '2026-11-22T10:05:00Z',
      expires_at: '2026-11-22T11:05:00Z',
    })
  })

  test.each([
    { total: 60, start: 1, count: 50, expected: [1, 50] },
    { total: 60, start: 11, count: 50, expected: [11, 60] },
    { total: 60, start: 12, count: 50, expected: [12, 60] },
    { total: 60, start: 60, count: 1, expected: [60, 60] },
    { total: 60, start: 60, count: 50, expected: [60, 60] },
    { total: 1, start: 1, count: 50, expected: [1, 1] },
  ])('clips $count from $start at chunk $total', async ({ total, start, count, expected }) => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: total * CHUNK_SIZE })
    const response = await presign(world, id, { start, count })
    const body = response.json<PresignResponse>()
    const [first, last] = expected as [number, number]
    expect(body.start_index).toBe(start)
    expect(body.count).toBe(last - first + 1)
    expect(body.upload_urls.map((chunk) => chunk.chunk_index)).toEqual(
      Array.from({ length: last - first + 1 }, (_, i) => first + i),
    )
  })

  test('gives URLs that take the chunk, the last one with its own size', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: CHUNK_SIZE + 3 })
    const response = await presign(world, id, { start: 2, count: 1 })
    const { url } = response.json<PresignResponse>().upload_urls[0]!
    expect((await putChunk(world, url, Buffer.from('abc'))).statusCode).toBe(200)
  })

  test('includes chunks that were reported already, so that the range has no holes', async () => {
    await using world = await createWorld()
    const created = await createUpload(world, { size: CHUNK_SIZE + 1 })
    const bytes = Buffer.from('x')
    await putChunk(world, created.upload_urls[1]!.url, bytes)
    await report(world, created.upload_id, [claimOf(2, bytes)])
    const response = await presign(world, created.upload_id, { start: 1, count: 2 })
    expect(response.json<PresignResponse>().count).toBe(2)
  })

  test('never gives a URL that outlives the upload', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 1 })
    world.ports.clock.advance(23.5 * HOUR)
    const body = (await presign(world, id, { start: 1, count: 1 })).json<PresignResponse>()
    expect(body.upload_urls[0]!.expires_at).toBe('2026-11-23T10:00:00Z')
    expect(body.expires_at).toBe('2026-11-23T10:00:00Z')
    expect(body.generated_at).toBe('2026-11-23T09:30:00Z')
  })

  test('ignores fields nobody knows', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 1 })
    const response = await presign(world, id, { start: 1, count: 1, page: 'x', future: null })
    expect(response.statusCode).toBe(200)
  })

  test.each([
    ['a start of 0', { start: 0, count: 1 }, ['`start`', '>= 1', 'received 0']],
    ['a negative start', { start: -1, count: 1 }, ['`start`', '>= 1', 'received -1']],
    ['a start past the last chunk', { start: 21, count: 1 }, ['`start`', '20', 'received 21']],
    ['a start far past it', { start: 1e15, count: 50 }, ['`start`', '20', '1000000000000000']],
    ['a fractional start', { start: 1.5, count: 1 }, ['`start`', 'integer', 'received 1.5']],
    ['a start in text', { start: '1', count: 1 }, ['`start`', 'integer', 'received "1"']],
    ['a start of null', { start: null, count: 1 }, ['`start`', 'integer', 'received null']],
    ['a count of 0', { start: 1, count: 0 }, ['`count`', '>= 1', 'received 0']],
    ['a negative count', { start: 1, count: -1 }, ['`count`', '>= 1', 'received -1']],
    ['a count of 51', { start: 1, count: 51 }, ['`count`', '50', 'received 51']],
    ['a fractional count', { start: 1, count: 2.5 }, ['`count`', 'integer', 'received 2.5']],
    ['a count in text', { start: 1, count: '5' }, ['`count`', 'integer', 'received "5"']],
    ['both wrong', { start: 0, count: 51 }, ['`start`', '`count`', '>= 1', '<= 50']],
  ])('refuses %s', async (_name, body, words) => {
    expectError(await presign(shared, twenty.upload_id, body), 400, 'parameter_invalid', ...words)
  })

  test.each([
    ['no start', { count: 1 }, ['`start`']],
    ['no count', { start: 1 }, ['`count`']],
    ['neither', {}, ['`start`', '`count`']],
    ['the page and limit of an early preview', { page: 1, limit: 10 }, ['`start`', '`count`']],
  ])('refuses %s', async (_name, body, words) => {
    expectError(
      await presign(shared, twenty.upload_id, body),
      400,
      'parameter_not_provided',
      ...words,
    )
  })

  test('refuses a completed upload, naming its status', async () => {
    await using world = await createWorld()
    const { uploadId } = await finishUpload(world, PNG)
    const response = await presign(world, uploadId, { start: 1, count: 1 })
    expectError(response, 400, 'parameter_invalid', uploadId, 'completed')
  })
})
