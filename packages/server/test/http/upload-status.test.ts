import type { UploadDetail } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  finishUpload,
  PNG,
  putChunk,
  report,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

describe('GET /assets/multipart-uploads/{upload_id}', () => {
  test('answers 200 with every chunk, reported and pending', async () => {
    await using world = await createWorld()
    const created = await createUpload(world, { size: 2 * CHUNK_SIZE + 1 })
    const bytes = Buffer.from('z')
    world.ports.clock.advance(90_500)
    await putChunk(world, created.upload_urls[2]!.url, bytes)
    await report(world, created.upload_id, [claimOf(3, bytes)])
    const response = await world.call('GET', `${UPLOADS}/${created.upload_id}`)
    expect(response.statusCode).toBe(200)
    expectCommonHeaders(response)
    const pending = (index: number) => ({
      index,
      status: 'pending',
      uploaded_at: null,
      updated_at: '2026-11-22T10:00:00Z',
    })
    expect(response.json()).toEqual({
      upload_id: created.upload_id,
      asset_id: created.asset_id,
      filename: 'my-video.mp4',
      status: 'active',
      uploaded_chunks: [
        pending(1),
        pending(2),
        {
          index: 3,
          status: 'completed',
          uploaded_at: '2026-11-22T10:01:30Z',
          updated_at: '2026-11-22T10:01:30Z',
        },
      ],
      chunks_completed: 1,
      chunks_failed: 0,
      chunks_pending: 2,
      total_chunks: 3,
      chunk_size: 5242880,
      page_info: { limit_per_page: 10, page: 1, total_page: 1, total_results: 3 },
      total_size: 10485761,
      uploaded_size: 1,
      created_at: '2026-11-22T10:00:00Z',
      updated_at: '2026-11-22T10:01:30Z',
      expires_at: '2026-11-23T10:00:00Z',
    })
  })

  test('calls a chunk pending that was uploaded but not reported', async () => {
    await using world = await createWorld()
    const created = await createUpload(world, { size: 1 })
    await putChunk(world, created.upload_urls[0]!.url, Buffer.from('x'))
    const status = await statusOf(world, created.upload_id)
    expect(status.uploaded_chunks.map((chunk) => chunk.status)).toEqual(['pending'])
    expect([status.chunks_completed, status.uploaded_size]).toEqual([0, 0])
  })

  test('lists every chunk of a completed upload too', async () => {
    await using world = await createWorld()
    const { uploadId } = await finishUpload(world, PNG)
    const status = await statusOf(world, uploadId)
    expect(status.status).toBe('completed')
    expect(status.uploaded_chunks.map((chunk) => chunk.status)).toEqual(['completed'])
    expect(status).toMatchObject({ chunks_completed: 1, chunks_failed: 0, chunks_pending: 0 })
    expect(status.uploaded_size).toBe(status.total_size)
  })

  test('gives the right totals to a client that reads pages until one is empty', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 25 * CHUNK_SIZE })
    const sizes: number[] = []
    const indexes: number[] = []
    for (let page = 1; sizes.at(-1) !== 0; page++) {
      const query = page === 1 ? '' : `?page=${page}`
      const response = await world.call('GET', `${UPLOADS}/${id}${query}`)
      const body = response.json<UploadDetail>()
      expect(body.page_info).toEqual({
        limit_per_page: 10,
        page,
        total_page: 3,
        total_results: 25,
      })
      sizes.push(body.uploaded_chunks.length)
      indexes.push(...body.uploaded_chunks.map((chunk) => chunk.index))
    }
    expect(sizes).toEqual([10, 10, 5, 0])
    expect(indexes).toEqual(Array.from({ length: 25 }, (_, i) => i + 1))
  })

  test.each([
    { query: '?page_limit=50', from: 1, to: 50 },
    { query: '?page_limit=50&page=2', from: 51, to: 60 },
    { query: '?page_limit=7&page=9', from: 57, to: 60 },
  ])('answers chunks $from to $to of 60 to $query', async ({ query, from, to }) => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 60 * CHUNK_SIZE })
    const response = await world.call('GET', `${UPLOADS}/${id}${query}`)
    expect(response.json<UploadDetail>().uploaded_chunks.map((chunk) => chunk.index)).toEqual(
      Array.from({ length: to - from + 1 }, (_, i) => from + i),
    )
  })

  test('needs no content type and takes one without a body', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 1 })
    const response = await world.call('GET', `${UPLOADS}/${id}`, {
      headers: { 'content-type': 'application/json' },
    })
    expect(response.statusCode).toBe(200)
  })
})
