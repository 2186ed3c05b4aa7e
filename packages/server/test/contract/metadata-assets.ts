import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0, upTo } from './samples.ts'

export function assetSentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload> = {}) => {
    const upload = sampleUpload(changes)
    await metadata().createUpload(upload, assetFor(upload))
    return upload
  }
  const createSealed = async () => {
    const upload = await create()
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    await metadata().completeUpload(upload.id, sealedAs(upload), T0)
    return upload
  }
  const remove = (upload: Upload, now = T0) =>
    metadata().deleteAsset('alice', upload.assetId, 'deleted', now)

  it('finds a sealed asset by its id alone, and only once it is sealed', async () => {
    const upload = await create()
    expect(await metadata().findSealedAsset(upload.assetId)).toBeUndefined()
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    expect(await metadata().findSealedAsset(upload.assetId)).toBeUndefined()
    await metadata().completeUpload(upload.id, sealedAs(upload), T0)
    expect(await metadata().findSealedAsset(upload.assetId)).toEqual({
      ...assetFor(upload),
      object: sealedAs(upload),
    })
  })

  it('hides a deleted asset at once, for exactly one of many callers', async () => {
    const upload = await createSealed()
    const other = await createSealed()
    const won = await race(20, () => remove(upload))
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await metadata().findAsset('alice', upload.assetId)).toBeUndefined()
    expect(await metadata().findSealedAsset(upload.assetId)).toBeUndefined()
    const page = await metadata().listAssets('alice', { page: 1, limit: 10 }, {})
    expect(page).toMatchObject({ items: [{ id: other.assetId }], total: 1 })
  })

  it('fails the active upload of a deleted asset', async () => {
    const upload = await create()
    const other = await create()
    expect(await remove(upload, T0 + 7)).toBe(true)
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({
      ...{ state: 'failed', reason: 'deleted', updatedAt: T0 + 7 },
    })
    expect(await metadata().findUpload('alice', other.id)).toMatchObject({ state: 'active' })
  })

  it('leaves the completed upload of a deleted asset completed', async () => {
    const upload = await createSealed()
    await remove(upload)
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({ state: 'completed' })
  })

  it('either completes an upload or deletes its asset first when both race', async () => {
    for (const _ of upTo(10)) {
      const upload = await create()
      await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
      const [completed, deleted] = await Promise.all([
        metadata().completeUpload(upload.id, sealedAs(upload), T0),
        remove(upload),
      ])
      expect(deleted).toBe(true)
      const state = (await metadata().findUpload('alice', upload.id))?.state
      expect(state).toBe(completed ? 'completed' : 'failed')
      const hidden = await metadata().listDeletedAssets(T0 + 1, 100)
      const object = hidden.find(({ id }) => id === upload.assetId)?.object
      expect(object).toEqual(completed ? sealedAs(upload) : undefined)
    }
  })

  it('says there is nothing to delete for an unknown asset', async () => {
    expect(await remove(sampleUpload())).toBe(false)
  })

  it('lists assets hidden before `before`, with what is needed to free them', async () => {
    const upload = await createSealed()
    const unsealed = await create()
    await create()
    await remove(upload, T0 + 5)
    await remove(unsealed, T0 + 6)
    expect(await metadata().listDeletedAssets(T0 + 5, 10)).toEqual([])
    expect(await metadata().listDeletedAssets(T0 + 6, 10)).toEqual([
      { ...assetFor(upload), object: sealedAs(upload) },
    ])
    expect(await metadata().listDeletedAssets(T0 + 7, 10)).toHaveLength(2)
    expect(await metadata().listDeletedAssets(T0 + 7, 1)).toHaveLength(1)
  })

  it('forgets a purged asset together with its completed upload', async () => {
    const upload = await createSealed()
    await remove(upload)
    await metadata().purgeAsset(upload.assetId)
    await metadata().purgeAsset(upload.assetId)
    expect(await metadata().listDeletedAssets(T0 + 99, 10)).toEqual([])
    expect(await metadata().findUpload('alice', upload.id)).toBeUndefined()
    expect(await metadata().listChunks(upload.id, { from: 1, to: 3 })).toEqual([])
  })

  it('keeps the failed upload of a purged asset, whose bytes are still to be freed', async () => {
    const upload = await create()
    await remove(upload)
    await metadata().purgeAsset(upload.assetId)
    expect(await metadata().listFreeable(T0 + 1, 10)).toMatchObject([{ id: upload.id }])
  })

  it('does not purge an asset that is visible', async () => {
    const upload = await createSealed()
    await metadata().purgeAsset(upload.assetId)
    expect(await metadata().findSealedAsset(upload.assetId)).toBeDefined()
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({ state: 'completed' })
  })
}
