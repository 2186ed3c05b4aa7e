import { MAX_BATCH } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../../src/core/ports.ts'
import type { NewUpload } from '../../src/core/uploads.ts'
import { HOUR, upTo } from '../contract/samples.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import {
  ACCOUNT,
  createWorld,
  invalid,
  MAX_SIZE,
  MIB,
  ORIGIN,
  UPLOAD_TTL,
  URL_TTL,
} from './world.ts'

const FILE: NewUpload = {
  account: ACCOUNT,
  filename: 'a.mp4',
  type: 'video',
  totalSize: 12 * MIB,
  wishes: { userMetadata: {}, hls: false, thumbnail: false },
  idempotencyKey: undefined,
}

describe('creating an upload', () => {
  it('plans the chunks, reserves an asset and gives the first URLs', async () => {
    const world = createWorld()
    const { upload, chunks } = await world.uploads.create(FILE, ORIGIN)
    expect(upload).toMatchObject({
      ...{ chunkSize: 5 * MIB, totalChunks: 3, totalSize: 12 * MIB, state: 'active' },
      ...{ createdAt: world.clock(), expiresAt: world.clock() + UPLOAD_TTL },
    })
    expect(upload.id).not.toBe(upload.assetId)
    expect(chunks.map(({ index }) => index)).toEqual([1, 2, 3])
    const { asset, url } = await world.assets.find(ACCOUNT, upload.assetId, ORIGIN)
    expect(asset).toMatchObject({ state: 'processing', size: 12 * MIB })
    expect(url).toBeUndefined()
  })

  it('gives as many URLs as fit in one answer', async () => {
    const { uploads } = createWorld()
    const totalSize = MAX_BATCH * 5 * MIB + 1
    const { upload, chunks } = await uploads.create({ ...FILE, totalSize }, ORIGIN)
    expect(upload.totalChunks).toBe(MAX_BATCH + 1)
    expect(chunks.map(({ index }) => index)).toEqual(upTo(MAX_BATCH))
  })

  it('takes the largest size of each type and refuses one byte more', async () => {
    const world = createWorld()
    for (const type of ['video', 'audio', 'image', 'document'] as const) {
      const totalSize = MAX_SIZE[type]
      const input = { ...FILE, type, totalSize }
      expect((await world.uploads.create(input, ORIGIN)).upload.totalSize).toBe(totalSize)
      const tooLarge = { ...input, totalSize: totalSize + 1 }
      await expect(world.uploads.create(tooLarge, ORIGIN)).rejects.toEqual(
        invalid(new RegExp(`total_size.*${type}.*${totalSize} bytes; received ${totalSize + 1}`)),
      )
    }
    expect((await world.uploads.list(ACCOUNT, { page: 1, limit: 1 })).total).toBe(4)
  })

  it('leaves no place behind when it cannot be recorded', async () => {
    const ports = createMemoryPorts()
    const aborted: string[] = []
    const { uploads } = createWorld({
      ...ports,
      metadata: {
        ...ports.metadata,
        createUpload: () => Promise.reject(new Error('the database is away')),
      },
      store: { ...ports.store, abort: async ({ id }) => void aborted.push(id) },
    })
    await expect(uploads.create(FILE, ORIGIN)).rejects.toThrow('the database is away')
    expect(aborted).toHaveLength(1)
  })

  it('keeps the place of one whose record comes after the connection broke', async () => {
    const world = createWorld()
    const { metadata, uploads } = world
    const { createUpload } = metadata
    let commit = async () => {}
    metadata.createUpload = async (...args) => {
      commit = async () => void (await createUpload(...args))
      throw new OutcomeUnknownError('service_unavailable', 'It may have been made.')
    }
    const file = { ...FILE, totalSize: 100, idempotencyKey: 'once' }
    await expect(uploads.create(file, ORIGIN)).rejects.toBeInstanceOf(OutcomeUnknownError)
    metadata.createUpload = createUpload
    await commit()

    const { upload } = await uploads.create(file, ORIGIN)
    expect(await world.complete(upload)).toMatchObject({ url: expect.any(String) })
    expect((await uploads.list(ACCOUNT, { page: 1, limit: 10 })).total).toBe(0)
  })

  it('says why it cannot be recorded even when the place cannot be freed either', async () => {
    const ports = createMemoryPorts()
    const { uploads } = createWorld({
      ...ports,
      metadata: {
        ...ports.metadata,
        createUpload: () => Promise.reject(new Error('the database is away')),
      },
      store: { ...ports.store, abort: () => Promise.reject(new Error('the disk is away')) },
    })
    await expect(uploads.create(FILE, ORIGIN)).rejects.toThrow('the database is away')
  })

  it('answers the same upload to the same idempotency key, and frees the second place', async () => {
    const ports = createMemoryPorts()
    const aborted: string[] = []
    const abort = async ({ id }: { id: string }) => void aborted.push(id)
    const { uploads } = createWorld({ ...ports, store: { ...ports.store, abort } })
    const input = { ...FILE, idempotencyKey: 'k' }
    const first = await uploads.create(input, ORIGIN)
    const again = await uploads.create(input, ORIGIN)
    expect(again.upload.id).toBe(first.upload.id)
    expect(again.chunks).toEqual(first.chunks)
    expect(aborted).toHaveLength(1)
    expect(aborted[0]).not.toBe(first.upload.id)
  })

  it('refuses an idempotency key that comes with another body', async () => {
    const { uploads } = createWorld()
    await uploads.create({ ...FILE, idempotencyKey: 'k' }, ORIGIN)
    const changes: Partial<NewUpload>[] = [
      { filename: 'b.mp4' },
      { totalSize: 1 },
      { type: 'audio' },
    ]
    for (const change of changes) {
      const other = { ...FILE, ...change, idempotencyKey: 'k' }
      await expect(uploads.create(other, ORIGIN)).rejects.toEqual(invalid(/Idempotency-Key/))
    }
  })

  it('forgets an idempotency key after its time', async () => {
    const { uploads, clock } = createWorld()
    const input = { ...FILE, idempotencyKey: 'k' }
    const first = await uploads.create(input, ORIGIN)
    clock.advance(24 * HOUR)
    const late = await uploads.create(input, ORIGIN)
    expect(late).toMatchObject({ upload: { id: first.upload.id }, chunks: [] })
    clock.advance(1)
    expect((await uploads.create(input, ORIGIN)).upload.id).not.toBe(first.upload.id)
  })
})

describe('presigning', () => {
  const presigned = async (start: number, count: number) => {
    const world = createWorld()
    const upload = await world.plant({ totalSize: 12_000, chunkSize: 1000 })
    const { chunks } = await world.uploads.presign(ACCOUNT, upload.id, { start, count }, ORIGIN)
    return chunks.map(({ index }) => index)
  }

  it('clips a range that overlaps the end', async () => {
    expect(await presigned(1, 3)).toEqual([1, 2, 3])
    expect(await presigned(9, 4)).toEqual([9, 10, 11, 12])
    expect(await presigned(11, 50)).toEqual([11, 12])
    expect(await presigned(12, 1)).toEqual([12])
  })

  it('refuses a start beyond the last chunk', async () => {
    await expect(presigned(13, 1)).rejects.toEqual(invalid(/`start`.*12 chunks; received 13/))
  })

  it('signs URLs that are good for their chunk until they expire', async () => {
    const world = createWorld()
    const upload = await world.plant()
    const range = { start: 3, count: 1 }
    const { chunks } = await world.uploads.presign(ACCOUNT, upload.id, range, ORIGIN)
    const { url, expiresAt } = chunks[0]!
    expect(expiresAt).toBe(world.clock() + URL_TTL)
    const verify = (now: number) => world.sink!.verify('PUT', url.slice(ORIGIN.length), now)
    expect(verify(expiresAt - 1)).toEqual({ uploadId: upload.storeRef, index: 3, size: 500 })
    expect(() => verify(expiresAt)).toThrow('expired')
  })

  it('signs no URL that outlives the upload', async () => {
    const { plant, uploads, clock } = createWorld()
    const upload = await plant()
    clock.advance(UPLOAD_TTL - URL_TTL / 2)
    const range = { start: 1, count: 1 }
    const { chunks, generatedAt } = await uploads.presign(ACCOUNT, upload.id, range, ORIGIN)
    expect(chunks[0]!.expiresAt).toBe(upload.expiresAt)
    expect(generatedAt).toBe(clock())
  })

  it('says times in whole seconds, never later than they are', async () => {
    const { plant, uploads, clock } = createWorld()
    const upload = await plant()
    clock.advance(1999)
    const range = { start: 1, count: 1 }
    const { chunks } = await uploads.presign(ACCOUNT, upload.id, range, ORIGIN)
    expect(chunks[0]!.expiresAt).toBe(clock() + URL_TTL - 999)
  })

  it('signs for chunks that were reported, too', async () => {
    const world = createWorld()
    const upload = await world.plant()
    await world.report(upload, await world.putChunks(upload, [1]))
    const range = { start: 1, count: 3 }
    expect((await world.uploads.presign(ACCOUNT, upload.id, range, ORIGIN)).chunks).toHaveLength(3)
  })
})

describe('listing and reading uploads', () => {
  it('shows a page of chunks, reported or not', async () => {
    const { plant, report, putChunks, uploads } = createWorld()
    const upload = await plant({ totalSize: 12_000, chunkSize: 1000 })
    await report(upload, await putChunks(upload, [2, 12]))
    const page = async (page: number) =>
      (await uploads.status(ACCOUNT, upload.id, { page, limit: 5 })).chunks.map(
        ({ index, reported }) => [index, reported?.index],
      )
    expect(await page(1)).toEqual([
      [1, undefined],
      [2, 2],
      [3, undefined],
      [4, undefined],
      [5, undefined],
    ])
    expect(await page(3)).toEqual([
      [11, undefined],
      [12, 12],
    ])
    expect(await page(4)).toEqual([])
  })

  it('keeps a completed upload readable and out of the list', async () => {
    const { plant, complete, uploads } = createWorld()
    const [done, open] = [await plant(), await plant()]
    await complete(done)
    const list = await uploads.list(ACCOUNT, { page: 1, limit: 10 })
    expect(list.items.map(({ id }) => id)).toEqual([open.id])
    const { upload } = await uploads.status(ACCOUNT, done.id, { page: 1, limit: 10 })
    expect(upload).toMatchObject({ state: 'completed', chunksCompleted: 3, uploadedSize: 2500 })
  })

  it('answers another account as if there were no such upload', async () => {
    const { plant, uploads, putAll, find } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    const page = { page: 1, limit: 1 }
    const attempts = (account: string, id: string) => [
      () => uploads.status(account, id, page),
      () => uploads.presign(account, id, { start: 1, count: 1 }, ORIGIN),
      () => uploads.presign(account, id, { start: 99, count: 1 }, ORIGIN),
      () => uploads.report(account, id, claims, ORIGIN),
      () => uploads.abort(account, id),
    ]
    const unknown = upload.id.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    for (const attempt of [...attempts('mallory', upload.id), ...attempts(ACCOUNT, unknown)]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'resource_not_exist',
        message: expect.stringMatching(
          /^Resource with id `[0-9a-f]{24}` does not exist in `.*`\.$/,
        ),
      })
    }
    expect(await find(upload)).toMatchObject({ state: 'active', chunksCompleted: 0 })
    expect((await uploads.list('mallory', page)).total).toBe(0)
  })
})
