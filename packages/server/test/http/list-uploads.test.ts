import { describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  finishUpload,
  listed,
  PNG,
  putChunk,
  report,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, HOUR } from '../support/http-world.ts'

describe('GET /assets/multipart-uploads', () => {
  test('answers 200 with every field of each upload', async () => {
    await using world = await createWorld()
    const created = await createUpload(world, { size: 2 * CHUNK_SIZE + 1, filename: 'a b.mp4' })
    const bytes = Buffer.from('z')
    await putChunk(world, created.upload_urls[2]!.url, bytes)
    await report(world, created.upload_id, [claimOf(3, bytes)])
    const response = await world.call('GET', UPLOADS)
    expect(response.statusCode).toBe(200)
    expectCommonHeaders(response)
    expect(response.json()).toEqual({
      data: [
        {
          upload_id: created.upload_id,
          asset_id: created.asset_id,
          filename: 'a b.mp4',
          status: 'active',
          total_size: 10485761,
          chunk_size: 5242880,
          total_chunks: 3,
          chunks_completed: 1,
          uploaded_size: 1,
          created_at: '2026-11-22T10:00:00Z',
          expires_at: '2026-11-23T10:00:00Z',
        },
      ],
      page_info: { limit_per_page: 10, page: 1, total_page: 1, total_results: 1 },
    })
  })

  test('answers an empty list, not null, when there is nothing', async () => {
    await using world = await createWorld()
    expect(await listed(world)).toEqual({
      data: [],
      page_info: { limit_per_page: 10, page: 1, total_page: 0, total_results: 0 },
    })
  })

  test('lists active, failed and expired uploads, newest first, and no completed ones', async () => {
    await using world = await createWorld()
    const expired = await createUpload(world, { size: 1 })
    world.ports.clock.advance(12 * HOUR)
    const failed = await createUpload(world, { size: 1 })
    await world.call('DELETE', `${UPLOADS}/${failed.upload_id}`)
    await finishUpload(world, PNG)
    world.ports.clock.advance(12 * HOUR)
    const active = await createUpload(world, { size: 1 })
    const { data } = await listed(world)
    expect(data.map(({ upload_id, status }) => [upload_id, status])).toEqual([
      [active.upload_id, 'active'],
      [failed.upload_id, 'failed'],
      [expired.upload_id, 'expired'],
    ])
  })

  test.each([
    { query: '', page: 1, limit: 10, items: 10 },
    { query: '?page=2', page: 2, limit: 10, items: 2 },
    { query: '?page_limit=5', page: 1, limit: 5, items: 5 },
    { query: '?page=3&page_limit=5', page: 3, limit: 5, items: 2 },
    { query: '?page_limit=50', page: 1, limit: 50, items: 12 },
    { query: '?page=3', page: 3, limit: 10, items: 0 },
    { query: '?page=4000000000', page: 4000000000, limit: 10, items: 0 },
    { query: '?page=2&page_limit=50', page: 2, limit: 50, items: 0 },
  ])('answers $items of 12 uploads to "$query"', async ({ query, page, limit, items }) => {
    await using world = await createWorld()
    const ids: string[] = []
    for (let i = 0; i < 12; i++) ids.unshift((await createUpload(world, { size: 1 })).upload_id)
    const list = await listed(world, query)
    const from = (page - 1) * limit
    expect(list.data.map((upload) => upload.upload_id)).toEqual(ids.slice(from, from + limit))
    expect(list.data).toHaveLength(items)
    expect(list.page_info).toEqual({
      limit_per_page: limit,
      page,
      total_page: Math.ceil(12 / limit),
      total_results: 12,
    })
  })
})
