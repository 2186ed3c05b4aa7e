import { MAX_TOTAL_SIZE, planChunks } from '@partway/protocol'
import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0, upTo } from './samples.ts'

const NOTHING = { chunksCompleted: 0, uploadedSize: 0 }

export function uploadSentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload> = {}) => {
    const upload = sampleUpload(changes)
    await metadata().createUpload(upload, assetFor(upload))
    return upload
  }

  it('answers a ping', async () => {
    await expect(metadata().ping()).resolves.toBeUndefined()
  })

  it('finds an upload and its asset exactly as they were created', async () => {
    const upload = await create()
    expect(await metadata().findUpload('alice', upload.id)).toEqual({ ...upload, ...NOTHING })
    expect(await metadata().findAsset('alice', upload.assetId)).toEqual(assetFor(upload))
  })

  it('keeps the sizes of the largest upload exact', async () => {
    const upload = await create(planChunks(MAX_TOTAL_SIZE - 1))
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({
      totalSize: MAX_TOTAL_SIZE - 1,
      totalChunks: upload.totalChunks,
    })
  })

  it.each([
    'Ünïcödé – 日本語 🎬.mp4',
    `it's "quoted" \`twice\`; drop table uploads;--.mov`,
    '100%_done%20%s %d.mp4',
    '../../etc/passwd',
    'back\\slash and\ttab.mp4',
    'e\u0301 is not \u00e9.mp4',
    ' ',
    'x'.repeat(255),
  ])('keeps the filename %j as it is', async (filename) => {
    const upload = await create({ filename })
    expect((await metadata().findUpload('alice', upload.id))?.filename).toBe(filename)
    expect((await metadata().findAsset('alice', upload.assetId))?.filename).toBe(filename)
    expect((await metadata().listIncomplete('alice', { page: 1, limit: 1 })).items).toMatchObject([
      { filename },
    ])
  })

  it('answers questions about an unknown upload without an error', async () => {
    const upload = sampleUpload()
    const all = upTo(upload.totalChunks)
    expect(await metadata().findUpload('alice', upload.id)).toBeUndefined()
    expect(await metadata().listChunks(upload.id, { from: 1, to: 3 })).toEqual([])
    expect(await metadata().recordChunks(upload.id, claimsFor(upload, all), T0)).toMatchObject({
      active: false,
      added: 0,
    })
    expect(await metadata().completeUpload(upload.id, sealedAs(upload), T0)).toBe(false)
    expect(await metadata().failUpload(upload.id, 'gone', T0)).toBe(false)
    await metadata().markFreed(upload.id)
    await metadata().purgeAsset(upload.assetId)
    expect(await metadata().changeAsset(upload.assetId, 0, { state: 'ready' }, T0)).toBe(false)
    expect(await metadata().renewAsset(upload.assetId, 0, T0)).toBe(false)
    expect(await metadata().planIngest(upload.id, upload, assetFor(upload), T0)).toBe(false)
    expect(await metadata().restartIngest(upload.id, upload, 0, T0)).toBe(false)
    expect(await metadata().renewImport(upload.id, 0, T0)).toBe(false)
    expect(await metadata().findIngest(upload.assetId)).toBeUndefined()
    expect(await metadata().findUpload('alice', upload.id)).toBeUndefined()
    expect(await metadata().findAsset('alice', upload.assetId)).toBeUndefined()
  })

  it('does not show an account the uploads and assets of another', async () => {
    const hers = await create({ account: 'alice' })
    const his = await create({ account: 'bob' })
    expect(await metadata().findUpload('bob', hers.id)).toBeUndefined()
    expect(await metadata().findAsset('bob', hers.assetId)).toBeUndefined()
    const page = { page: 1, limit: 10 }
    const uploads = await metadata().listIncomplete('bob', page)
    expect(uploads).toMatchObject({ items: [{ id: his.id }], total: 1 })
    const assets = await metadata().listAssets('bob', page, {})
    expect(assets).toMatchObject({ items: [{ id: his.assetId }], total: 1 })
    expect(await metadata().deleteAsset('bob', hers.assetId, 'mine now', T0)).toBe(false)
    expect(await metadata().findAsset('alice', hers.assetId)).toEqual(assetFor(hers))
  })

  it('rejects a second upload with an id that is taken and leaves the first as it was', async () => {
    const first = await create()
    const second = { ...sampleUpload({ filename: 'second.mp4' }), id: first.id }
    await expect(metadata().createUpload(second, assetFor(second))).rejects.toThrow()
    expect((await metadata().findUpload('alice', first.id))?.filename).toBe('holiday.mp4')
    expect(await metadata().findAsset('alice', second.assetId)).toBeUndefined()
  })

  it('rejects an upload whose asset id is taken and records no half of it', async () => {
    const first = await create()
    const second = sampleUpload({ assetId: first.assetId, filename: 'second.mp4' })
    await expect(metadata().createUpload(second, assetFor(second))).rejects.toThrow()
    expect(await metadata().findUpload('alice', second.id)).toBeUndefined()
    expect((await metadata().findAsset('alice', first.assetId))?.filename).toBe('holiday.mp4')
  })

  it('takes nothing else along when a write is rolled back', async () => {
    const taken = await create()
    const others = upTo(10).map(() => sampleUpload())
    const outcomes = await Promise.allSettled(
      others.flatMap((upload) => {
        const twin = sampleUpload({ assetId: taken.assetId })
        return [
          metadata().createUpload(upload, assetFor(upload)),
          metadata().createUpload(twin, assetFor(twin)),
          metadata().recordChunks(taken.id, claimsFor(taken, [1]), T0 + 1),
        ]
      }),
    )
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10)
    for (const upload of others) {
      expect(await metadata().findUpload('alice', upload.id)).toEqual({ ...upload, ...NOTHING })
      expect(await metadata().findAsset('alice', upload.assetId)).toEqual(assetFor(upload))
    }
    expect((await metadata().findUpload('alice', taken.id))?.chunksCompleted).toBe(1)
    const { total } = await metadata().listIncomplete('alice', { page: 1, limit: 1 })
    expect(total).toBe(11)
  })

  it('fails an active upload and its asset for exactly one of many callers', async () => {
    const upload = await create()
    const won = await race(20, (i) => metadata().failUpload(upload.id, `reason ${i}`, T0 + 5))
    expect(won.filter(Boolean)).toHaveLength(1)
    const reason = `reason ${won.indexOf(true)}`
    expect(await metadata().findUpload('alice', upload.id)).toEqual({
      ...{ ...upload, ...NOTHING },
      ...{ state: 'failed', reason, updatedAt: T0 + 5 },
    })
    expect(await metadata().findAsset('alice', upload.assetId)).toEqual({
      ...assetFor(upload),
      ...{ state: 'failed', reason },
    })
  })
}
