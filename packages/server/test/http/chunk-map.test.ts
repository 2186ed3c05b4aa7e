import { describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import {
  claimOf,
  createUpload,
  finishUpload,
  PNG,
  putChunk,
  report,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, HOUR, type World } from '../support/http-world.ts'

const MIB = 1024 * 1024
/** The chunks of uploads up to 512 MiB. */
const CHUNK = 5 * MIB

/** An upload of ten chunks, of which `indexes` are reported. */
async function reported(world: World, indexes: number[], size = 10 * CHUNK - 1) {
  const { upload_id: id } = await createUpload(world, { size })
  const now = world.ports.clock()
  const claims = indexes.map((index) => ({ index, etag: 'a'.repeat(64), size: CHUNK }))
  await world.ports.metadata.recordChunks(id, claims, now)
  return id
}

const map = async (world: World, id: string) => {
  const response = await world.call('GET', `${UPLOADS}/${id}/chunk-map`)
  expect(response.statusCode, response.body).toBe(200)
  return response.json<Record<string, unknown>>()
}

describe('GET /assets/multipart-uploads/{upload_id}/chunk-map', () => {
  test('answers 200 with every field', async () => {
    await using world = await createWorld()
    const id = await reported(world, [2, 3, 4, 7, 10])
    const response = await world.call('GET', `${UPLOADS}/${id}/chunk-map`)
    expectCommonHeaders(response)
    expect(response.json()).toEqual({
      upload_id: id,
      status: 'active',
      total_chunks: 10,
      chunk_size: 5242880,
      total_size: 52428799,
      completed: [
        [2, 4],
        [7, 7],
        [10, 10],
      ],
      failed: [],
    })
  })

  test.each([
    { name: 'nothing', indexes: [], completed: [], failed: [[1, 10]] },
    { name: 'the first', indexes: [1], completed: [[1, 1]], failed: [[2, 10]] },
    { name: 'the last', indexes: [10], completed: [[10, 10]], failed: [[1, 9]] },
    {
      name: 'every other',
      indexes: [1, 3, 5, 7, 9],
      completed: [1, 3, 5, 7, 9].map((n) => [n, n]),
      failed: [2, 4, 6, 8, 10].map((n) => [n, n]),
    },
    {
      name: 'both ends',
      indexes: [9, 1, 10, 2],
      completed: [
        [1, 2],
        [9, 10],
      ],
      failed: [[3, 8]],
    },
  ])('calls what is open of an ended upload failed: $name reported', async (example) => {
    await using world = await createWorld()
    const id = await reported(world, example.indexes)
    expect(await map(world, id)).toMatchObject({ completed: example.completed, failed: [] })
    await world.call('DELETE', `${UPLOADS}/${id}`)
    const { completed, failed } = example
    expect(await map(world, id)).toMatchObject({ status: 'failed', completed, failed })
  })

  test('knows an expired upload before the sweep has seen it', async () => {
    await using world = await createWorld()
    const id = await reported(world, [1])
    world.ports.clock.advance(24 * HOUR)
    expect(await map(world, id)).toMatchObject({ status: 'expired', failed: [[2, 10]] })
  })

  test('shows a completed upload as one range', async () => {
    await using world = await createWorld()
    const { uploadId } = await finishUpload(world, PNG, { type: 'image' })
    expect(await map(world, uploadId)).toMatchObject({
      ...{ status: 'completed', total_chunks: 1, completed: [[1, 1]], failed: [] },
    })
  })

  test('shows a chunk as soon as its report was answered', async () => {
    await using world = await createWorld()
    const { upload_id, upload_urls } = await createUpload(world, { size: CHUNK + 1 })
    const bytes = Buffer.from('z')
    await putChunk(world, upload_urls[1]!.url, bytes)
    await report(world, upload_id, [claimOf(2, bytes)])
    expect(await map(world, upload_id)).toMatchObject({ completed: [[2, 2]] })
  })

  test('shows ten thousand chunks in any pattern', async () => {
    await using world = await createWorld({ env: { PARTWAY_MAX_VIDEO_SIZE: '5TiB' } })
    const { upload_id: id, total_chunks: total } = await createUpload(world, { size: 2 ** 39 })
    expect(total).toBeGreaterThan(8000)
    const odd = Array.from({ length: total / 2 }, (_, i) => 2 * i + 1)
    const claims = odd.map((index) => ({ index, etag: 'a'.repeat(64), size: 1 }))
    await world.ports.metadata.recordChunks(id, claims, world.ports.clock())
    expect(await map(world, id)).toMatchObject({ completed: odd.map((n) => [n, n]) })
  })
})
