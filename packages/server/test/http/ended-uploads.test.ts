import type { CreateUploadResponse } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectError, expectS3Error } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  listed,
  putChunk,
  report,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, HOUR, type World } from '../support/http-world.ts'

const TAIL = Buffer.from('tail')

interface Ending {
  name: string
  status: string
  reason: string
  end(world: World, created: CreateUploadResponse): Promise<unknown>
}

const ENDINGS: Ending[] = [
  {
    name: 'expired, before the sweep has seen it',
    status: 'expired',
    reason: 'It was not complete in time. Start again.',
    end: async (world) => world.ports.clock.advance(24 * HOUR),
  },
  {
    name: 'expired and swept',
    status: 'expired',
    reason: 'It was not complete in time. Start again.',
    end: async (world) => {
      world.ports.clock.advance(24 * HOUR)
      await world.sweeper.sweep()
    },
  },
  {
    name: 'aborted',
    status: 'failed',
    reason: 'The upload was aborted.',
    end: (world, { upload_id: id }) => world.call('DELETE', `${UPLOADS}/${id}`),
  },
  {
    name: 'ended with its asset',
    status: 'failed',
    reason: 'The asset was deleted.',
    end: (world, { asset_id: id }) => world.call('DELETE', `/assets/${id}`),
  },
]

/** An upload of two chunks, the second sent and reported, that has then ended. */
async function endedUpload({ end }: Ending) {
  const world = await createWorld()
  const created = await createUpload(world, { size: CHUNK_SIZE + TAIL.byteLength })
  const { upload_id: id, upload_urls: urls } = created
  await putChunk(world, urls[1]!.url, TAIL)
  expect((await report(world, id, [claimOf(2, TAIL)])).statusCode).toBe(200)
  await end(world, created)
  return { world, created, id, [Symbol.asyncDispose]: () => world.app.close() }
}

describe.each(ENDINGS)('an upload that is $name', (ending) => {
  const { status, reason } = ending

  test('is still readable, with unfinished chunks failed and the reason', async () => {
    await using upload = await endedUpload(ending)
    const detail = await statusOf(upload.world, upload.id)
    expect(detail).toMatchObject({
      status,
      chunks_completed: 1,
      chunks_failed: 1,
      chunks_pending: 0,
      total_chunks: 2,
      uploaded_size: 4,
    })
    expect(detail.uploaded_chunks).toEqual([
      {
        index: 1,
        status: 'failed',
        uploaded_at: null,
        updated_at: expect.any(String),
        error: reason,
      },
      {
        ...{ index: 2, status: 'completed' },
        ...{ uploaded_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z' },
      },
    ])
  })

  test('is in the list with its status', async () => {
    await using upload = await endedUpload(ending)
    const { data } = await listed(upload.world)
    expect(data).toMatchObject([{ upload_id: upload.id, status }])
  })

  test('gives no more URLs, and says why', async () => {
    await using upload = await endedUpload(ending)
    const response = await upload.world.call('POST', `${UPLOADS}/${upload.id}/presigned-urls`, {
      body: { start: 1, count: 1 },
    })
    expectError(response, 400, 'parameter_invalid', upload.id, status, reason)
  })

  test.each([
    ['a new chunk', claimOf(1, Buffer.alloc(CHUNK_SIZE))],
    ['a chunk reported before', claimOf(2, TAIL)],
  ])('takes no report of %s, and says why', async (_name, claim) => {
    await using upload = await endedUpload(ending)
    const response = await report(upload.world, upload.id, [claim])
    expectError(response, 400, 'parameter_invalid', upload.id, status, reason)
    expect(await statusOf(upload.world, upload.id)).toMatchObject({ chunks_completed: 1 })
  })
})

describe('the asset of an upload that is over', () => {
  test.each(ENDINGS.slice(1, 3))('is failed with the reason when it is $name', async (ending) => {
    await using upload = await endedUpload(ending)
    const asset = await upload.world.call('GET', `/assets/${upload.created.asset_id}`)
    expect(asset.json()).toMatchObject({ status: 'failed', error: { message: ending.reason } })
  })

  // The status says `expired` at once; a client that polls the asset must not wait for the sweep.
  test('is failed at the latest after the next sweep, with no bytes to fetch', async () => {
    await using upload = await endedUpload(ENDINGS[1]!)
    const asset = await upload.world.call('GET', `/assets/${upload.created.asset_id}`)
    expect(asset.json()).not.toHaveProperty('url')
    expect(asset.json()).not.toHaveProperty('size')
  })
})

describe('an upload that has expired', () => {
  test('is forgotten after the retention time, then answers like one that never was', async () => {
    await using upload = await endedUpload(ENDINGS[1]!)
    const { world, id } = upload
    world.ports.clock.advance(25 * HOUR)
    await world.sweeper.sweep()
    expect((await statusOf(world, id)).status).toBe('expired')
    world.ports.clock.advance(7 * 24 * HOUR)
    await world.sweeper.sweep()
    const response = await world.call('GET', `${UPLOADS}/${id}`)
    expectError(response, 404, 'resource_not_exist', id)
  })

  test('takes no more chunks: its URLs have expired with it', async () => {
    await using upload = await endedUpload(ENDINGS[0]!)
    const put = await putChunk(upload.world, upload.created.upload_urls[1]!.url, TAIL)
    expectS3Error(put, 403, 'AccessDenied')
  })

  test('never expires once every chunk is recorded', async () => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 4 })
    await putChunk(world, urls[0]!.url, TAIL)
    await report(world, id, [claimOf(1, TAIL)])
    world.ports.clock.advance(48 * HOUR)
    expect((await statusOf(world, id)).status).toBe('completed')
    expect((await report(world, id, [claimOf(1, TAIL)])).json()).toHaveProperty('url')
  })
})
