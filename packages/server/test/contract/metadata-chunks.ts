import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import {
  assetFor,
  claimsFor,
  race,
  sampleUpload,
  sealedAs,
  smallPlan,
  T0,
  upTo,
} from './samples.ts'

export function chunkSentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload> = {}) => {
    const upload = sampleUpload(changes)
    await metadata().createUpload(upload, assetFor(upload))
    return upload
  }
  const record = (upload: Upload, indexes: number[], now = T0 + 1, letter = 'a') =>
    metadata().recordChunks(upload.id, claimsFor(upload, indexes, letter), now)
  const chunksOf = ({ id, totalChunks }: Upload) =>
    metadata().listChunks(id, { from: 1, to: totalChunks })

  it('counts what is recorded and adds up its bytes', async () => {
    const upload = await create()
    const first = await record(upload, [3, 1])
    expect(first).toEqual({ active: true, added: 2, chunksCompleted: 2, uploadedSize: 1500 })
    const second = await record(upload, [2], T0 + 2)
    expect(second).toEqual({ active: true, added: 1, chunksCompleted: 3, uploadedSize: 2500 })
    expect(await metadata().findUpload('alice', upload.id)).toEqual({
      ...upload,
      ...{ chunksCompleted: 3, uploadedSize: 2500, updatedAt: T0 + 2 },
    })
  })

  it('lists twelve chunks in numeric order', async () => {
    const upload = await create(smallPlan(12 * 100, 100))
    await record(upload, [10, 2, 12, 1, 11, 3])
    await record(upload, [9, 4, 8, 5, 7, 6])
    expect((await chunksOf(upload)).map(({ index }) => index)).toEqual(upTo(12))
    const some = await metadata().listChunks(upload.id, { from: 9, to: 11 })
    expect(some.map(({ index }) => index)).toEqual([9, 10, 11])
    expect(await metadata().listChunks(upload.id, { from: 13, to: 20 })).toEqual([])
  })

  it('leaves recorded chunks as they are when they are recorded again', async () => {
    const upload = await create()
    await record(upload, [1, 2], T0 + 1, 'a')
    const again = await record(upload, [2, 3], T0 + 2, 'b')
    expect(again).toEqual({ active: true, added: 1, chunksCompleted: 3, uploadedSize: 2500 })
    expect(await chunksOf(upload)).toEqual([
      { index: 1, etag: 'a'.repeat(64), size: 1000, reportedAt: T0 + 1 },
      { index: 2, etag: 'a'.repeat(64), size: 1000, reportedAt: T0 + 1 },
      { index: 3, etag: 'b'.repeat(64), size: 500, reportedAt: T0 + 2 },
    ])
  })

  it('counts an index once that comes twice in one call, and keeps the first', async () => {
    const upload = await create()
    const claims = [...claimsFor(upload, [1], 'a'), ...claimsFor(upload, [1], 'b')]
    const recorded = await metadata().recordChunks(upload.id, claims, T0 + 1)
    expect(recorded).toEqual({ active: true, added: 1, chunksCompleted: 1, uploadedSize: 1000 })
    expect(await chunksOf(upload)).toMatchObject([{ index: 1, etag: 'a'.repeat(64) }])
  })

  it('records nothing for an empty call and still says how far the upload is', async () => {
    const upload = await create()
    await record(upload, [1])
    expect(await record(upload, [])).toEqual({
      ...{ active: true, added: 0, chunksCompleted: 1, uploadedSize: 1000 },
    })
  })

  it('does not mix the chunks of two uploads', async () => {
    const [one, two] = [await create(), await create()]
    await record(one, [1, 2])
    await record(two, [2, 3])
    expect((await chunksOf(one)).map(({ index }) => index)).toEqual([1, 2])
    expect((await chunksOf(two)).map(({ index }) => index)).toEqual([2, 3])
  })

  it('counts exactly when twenty overlapping batches race, and one sees the last', async () => {
    const upload = await create(smallPlan(39 * 10, 10))
    // Batch i is [2i-1 … 2i+2]: each chunk but the first and last two is in two batches.
    const batches = upTo(20).map((i) => [0, 1, 2, 3].map((n) => 2 * i - 1 + n))
    const within = batches.map((batch) => batch.filter((index) => index <= 39))
    const results = await race(20, (i) => record(upload, within[i]!))
    expect(results.reduce((sum, { added }) => sum + added, 0)).toBe(39)
    const last = results.filter((r) => r.added > 0 && r.chunksCompleted === 39)
    expect(last).toHaveLength(1)
    expect(Math.max(...results.map((r) => r.uploadedSize))).toBe(390)
    expect((await chunksOf(upload)).map(({ index }) => index)).toEqual(upTo(39))
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({
      ...{ chunksCompleted: 39, uploadedSize: 390 },
    })
  })

  it('completes a fully recorded upload for exactly one of many racers', async () => {
    const upload = await create()
    await record(upload, [1, 2, 3])
    const won = await race(20, (i) =>
      metadata().completeUpload(upload.id, { ref: upload.assetId, etag: `e${i}` }, T0 + 9),
    )
    expect(won.filter(Boolean)).toHaveLength(1)
    const found = await metadata().findUpload('alice', upload.id)
    expect(found).toMatchObject({ state: 'completed', reason: undefined, updatedAt: T0 + 9 })
    expect(await metadata().findAsset('alice', upload.assetId)).toEqual({
      ...assetFor(upload),
      object: { ref: upload.assetId, etag: `e${won.indexOf(true)}` },
    })
  })

  it('lets one reporter of many racing ones record the last chunk and one complete', async () => {
    const upload = await create()
    const outcomes = await race(20, async (i) => {
      const { chunksCompleted } = await record(upload, [(i % 3) + 1])
      return chunksCompleted === 3 && metadata().completeUpload(upload.id, sealedAs(upload), T0)
    })
    expect(outcomes.filter(Boolean)).toHaveLength(1)
  })

  it('does not complete an upload that lacks a chunk', async () => {
    const upload = await create()
    await record(upload, [1, 2])
    expect(await metadata().completeUpload(upload.id, sealedAs(upload), T0)).toBe(false)
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({ state: 'active' })
    expect(await metadata().findSealedAsset(upload.assetId)).toBeUndefined()
  })

  it('either completes or fails an upload when both race', async () => {
    for (const _ of upTo(10)) {
      const upload = await create()
      await record(upload, [1, 2, 3])
      const [completed, failed] = await Promise.all([
        metadata().completeUpload(upload.id, sealedAs(upload), T0),
        metadata().failUpload(upload.id, 'aborted', T0),
      ])
      expect([completed, failed].filter(Boolean)).toHaveLength(1)
      const found = await metadata().findUpload('alice', upload.id)
      expect(found?.state).toBe(completed ? 'completed' : 'failed')
      expect((await metadata().findAsset('alice', upload.assetId))?.state).toBe(
        completed ? 'processing' : 'failed',
      )
    }
  })

  it('records nothing for an upload that has ended', async () => {
    const failed = await create()
    await metadata().failUpload(failed.id, 'no', T0)
    const expired = await create({ expiresAt: T0 })
    await metadata().expireUploads(T0, 'late', 10)
    const completed = await create()
    await record(completed, [1, 2, 3])
    await metadata().completeUpload(completed.id, sealedAs(completed), T0 + 1)
    for (const upload of [failed, expired, completed]) {
      const before = await metadata().findUpload('alice', upload.id)
      const chunks = await chunksOf(upload)
      expect(await record(upload, [1], T0 + 99, 'b')).toMatchObject({ active: false, added: 0 })
      expect(await metadata().findUpload('alice', upload.id)).toEqual(before)
      expect(await chunksOf(upload)).toEqual(chunks)
    }
  })
}
