import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0, upTo } from './samples.ts'

export function sweepSentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload> = {}) => {
    const upload = sampleUpload(changes)
    await metadata().createUpload(upload, assetFor(upload))
    return upload
  }
  const record = (upload: Upload, indexes: number[], now = T0) =>
    metadata().recordChunks(upload.id, claimsFor(upload, indexes), now)
  const complete = async (upload: Upload, now = T0) => {
    await record(upload, [1, 2, 3], now)
    await metadata().completeUpload(upload.id, sealedAs(upload), now)
  }
  const idsOf = (uploads: Upload[]) => uploads.map(({ id }) => id).sort()

  it('expires an upload at its time, not before', async () => {
    const upload = await create({ expiresAt: T0 + 10 })
    expect(await metadata().expireUploads(T0 + 9, 'late', 10)).toEqual([])
    const [expired, ...others] = await metadata().expireUploads(T0 + 10, 'late', 10)
    expect(others).toEqual([])
    expect(expired).toMatchObject({ id: upload.id, state: 'expired', reason: 'late' })
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({
      ...{ state: 'expired', reason: 'late', updatedAt: T0 + 10 },
    })
    expect(await metadata().findAsset('alice', upload.assetId)).toMatchObject({
      ...{ state: 'failed', reason: 'late' },
    })
    expect(await metadata().expireUploads(T0 + 11, 'later', 10)).toEqual([])
  })

  it('never expires an upload whose chunks are all recorded, nor one that has ended', async () => {
    const full = await create({ expiresAt: T0 })
    await record(full, [1, 2, 3])
    const completed = await create({ expiresAt: T0 })
    await complete(completed)
    const failed = await create({ expiresAt: T0 })
    await metadata().failUpload(failed.id, 'no', T0)
    const partial = await create({ expiresAt: T0 })
    await record(partial, [1, 3])
    expect(idsOf(await metadata().expireUploads(T0 + 1, 'late', 10))).toEqual([partial.id])
    expect(await metadata().findUpload('alice', full.id)).toMatchObject({ state: 'active' })
    expect(await metadata().findUpload('alice', failed.id)).toMatchObject({ reason: 'no' })
  })

  it('expires at most `limit` uploads, of any account', async () => {
    for (const n of upTo(5)) await create({ account: `account ${n}`, expiresAt: T0 })
    expect(await metadata().expireUploads(T0, 'late', 2)).toHaveLength(2)
    expect(await metadata().expireUploads(T0, 'late', 2)).toHaveLength(2)
    expect(await metadata().expireUploads(T0, 'late', 2)).toHaveLength(1)
  })

  it('expires each upload once when many sweeps race', async () => {
    const made = await race(8, () => create({ expiresAt: T0 }))
    const expired = await race(6, () => metadata().expireUploads(T0, 'late', 3))
    const ids = idsOf(expired.flat())
    expect(new Set(ids).size).toBe(ids.length)
    while ((await metadata().expireUploads(T0, 'late', 3)).length > 0);
    for (const { id } of made) {
      expect(await metadata().findUpload('alice', id)).toMatchObject({ state: 'expired' })
    }
  })

  it('either expires an upload or records its last chunk when both race', async () => {
    for (const _ of upTo(10)) {
      const upload = await create({ expiresAt: T0 })
      await record(upload, [1, 2])
      const [expired, recorded] = await Promise.all([
        metadata().expireUploads(T0, 'late', 10),
        record(upload, [3]),
      ])
      expect(recorded.active).toBe(expired.length === 0)
      const found = await metadata().findUpload('alice', upload.id)
      expect(found).toMatchObject({ chunksCompleted: recorded.active ? 3 : 2 })
    }
  })

  it('lists uploads that lack nothing but the seal, untouched since `before`', async () => {
    const full = await create({ account: 'bob' })
    await record(full, [1, 2, 3], T0 + 10)
    await record(await create(), [1, 2], T0)
    await complete(await create())
    const failed = await create()
    await record(failed, [1, 2, 3])
    await metadata().failUpload(failed.id, 'no', T0)
    expect(await metadata().listUnsealed(T0 + 9, 10)).toEqual([])
    expect(await metadata().listUnsealed(T0 + 10, 10)).toMatchObject([
      { id: full.id, state: 'active', chunksCompleted: 3, uploadedSize: 2500 },
    ])
    await metadata().completeUpload(full.id, sealedAs(full), T0 + 11)
    expect(await metadata().listUnsealed(T0 + 99, 10)).toEqual([])
  })

  it('lists at most `limit` unsealed uploads', async () => {
    for (const _ of upTo(3)) await record(await create(), [1, 2, 3])
    expect(await metadata().listUnsealed(T0, 2)).toHaveLength(2)
  })

  it('lists failed and expired uploads for freeing until they are marked freed', async () => {
    const failed = await create()
    const expired = await create({ expiresAt: T0 + 5 })
    await create()
    await complete(await create())
    await metadata().failUpload(failed.id, 'no', T0 + 5)
    await metadata().expireUploads(T0 + 5, 'late', 10)
    expect(await metadata().listFreeable(T0 + 5, 10)).toEqual([])
    const both = await metadata().listFreeable(T0 + 6, 10)
    expect(idsOf(both)).toEqual(idsOf([failed, expired]))
    expect(both.map(({ storeRef }) => storeRef).sort()).toEqual(
      [failed.storeRef, expired.storeRef].sort(),
    )
    expect(await metadata().listFreeable(T0 + 6, 1)).toHaveLength(1)
    await metadata().markFreed(failed.id)
    await metadata().markFreed(failed.id)
    expect(idsOf(await metadata().listFreeable(T0 + 6, 10))).toEqual([expired.id])
  })

  it('purges an ended upload only when it is freed and ended before `before`', async () => {
    const upload = await create()
    await record(upload, [1])
    await metadata().failUpload(upload.id, 'no', T0 + 5)
    expect(await metadata().purgeUploads(T0 + 6, 10)).toBe(0)
    await metadata().markFreed(upload.id)
    expect(await metadata().purgeUploads(T0 + 5, 10)).toBe(0)
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({ state: 'failed' })
    expect(await metadata().purgeUploads(T0 + 6, 10)).toBe(1)
    expect(await metadata().purgeUploads(T0 + 6, 10)).toBe(0)
    expect(await metadata().findUpload('alice', upload.id)).toBeUndefined()
    expect(await metadata().listChunks(upload.id, { from: 1, to: 3 })).toEqual([])
    expect(await metadata().findAsset('alice', upload.assetId)).toMatchObject({ state: 'failed' })
  })

  it('purges at most `limit` uploads, and neither active nor completed ones', async () => {
    const active = await create()
    const completed = await create()
    await complete(completed)
    await metadata().markFreed(active.id)
    await metadata().markFreed(completed.id)
    for (const _ of upTo(3)) {
      const upload = await create()
      await metadata().failUpload(upload.id, 'no', T0)
      await metadata().markFreed(upload.id)
    }
    expect(await metadata().purgeUploads(T0 + 1, 2)).toBe(2)
    expect(await metadata().purgeUploads(T0 + 1, 2)).toBe(1)
    expect(await metadata().purgeUploads(T0 + 99, 9)).toBe(0)
    expect(await metadata().findUpload('alice', active.id)).toMatchObject({ state: 'active' })
    expect(await metadata().findUpload('alice', completed.id)).toMatchObject({ state: 'completed' })
  })
}
