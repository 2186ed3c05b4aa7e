import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0 } from './samples.ts'

const LEASE = 1000

export function leaseSentences(metadata: () => Metadata): void {
  const createSealed = async () => {
    const upload = sampleUpload()
    await metadata().createUpload(upload, assetFor(upload))
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    await metadata().completeUpload(upload.id, sealedAs(upload), T0)
    return upload
  }

  it('has nothing to claim while no asset is sealed', async () => {
    expect(await metadata().claimAsset(T0, LEASE)).toBeUndefined()
    const upload = sampleUpload()
    await metadata().createUpload(upload, assetFor(upload))
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    expect(await metadata().claimAsset(T0, LEASE)).toBeUndefined()
  })

  it('gives a sealed asset to exactly one of many racing claimers', async () => {
    const upload = await createSealed()
    const claimed = await race(20, () => metadata().claimAsset(T0, LEASE))
    expect(claimed.filter(Boolean)).toEqual([{ ...assetFor(upload), object: sealedAs(upload) }])
  })

  it('gives five assets to five of many racing claimers, each once', async () => {
    const made = await race(5, createSealed)
    const claimed = await race(20, () => metadata().claimAsset(T0, LEASE))
    expect(claimed.flatMap((asset) => asset?.id ?? []).sort()).toEqual(
      made.map(({ assetId }) => assetId).sort(),
    )
  })

  it('gives an asset again when its lease has run out, not before', async () => {
    const { assetId } = await createSealed()
    expect(await metadata().claimAsset(T0, LEASE)).toMatchObject({ id: assetId })
    expect(await metadata().claimAsset(T0 + LEASE - 1, LEASE)).toBeUndefined()
    const again = await race(5, () => metadata().claimAsset(T0 + LEASE, LEASE))
    expect(again.filter(Boolean)).toMatchObject([{ id: assetId }])
    expect(await metadata().claimAsset(T0 + 2 * LEASE - 1, LEASE)).toBeUndefined()
  })

  it('does not give away a deleted asset', async () => {
    const { assetId } = await createSealed()
    await metadata().deleteAsset('alice', assetId, 'deleted', T0)
    expect(await metadata().claimAsset(T0, LEASE)).toBeUndefined()
  })

  it('makes an asset ready with its type, once and for all', async () => {
    const upload = await createSealed()
    await metadata().claimAsset(T0, LEASE)
    await metadata().finishAsset(upload.assetId, { state: 'ready', mimeType: 'video/mp4' })
    const ready = {
      ...assetFor(upload),
      ...{ object: sealedAs(upload), state: 'ready', mimeType: 'video/mp4' },
    }
    expect(await metadata().findAsset('alice', upload.assetId)).toEqual(ready)
    expect(await metadata().claimAsset(T0 + 99 * LEASE, LEASE)).toBeUndefined()
    const late = { state: 'failed', reason: 'late loser', mimeType: undefined } as const
    await metadata().finishAsset(upload.assetId, late)
    expect(await metadata().findAsset('alice', upload.assetId)).toEqual(ready)
  })

  it('fails an asset with a reason, and its bytes stay readable', async () => {
    const upload = await createSealed()
    await metadata().claimAsset(T0, LEASE)
    const result = { state: 'failed', reason: 'not a video', mimeType: 'image/png' } as const
    await metadata().finishAsset(upload.assetId, result)
    expect(await metadata().findSealedAsset(upload.assetId)).toEqual({
      ...assetFor(upload),
      ...{ object: sealedAs(upload), ...result },
    })
    expect(await metadata().claimAsset(T0 + 99 * LEASE, LEASE)).toBeUndefined()
  })

  it('does not revive the asset of a failed upload', async () => {
    const upload = sampleUpload()
    await metadata().createUpload(upload, assetFor(upload))
    await metadata().failUpload(upload.id, 'aborted', T0)
    await metadata().finishAsset(upload.assetId, { state: 'ready', mimeType: 'video/mp4' })
    expect(await metadata().findAsset('alice', upload.assetId)).toMatchObject({
      ...{ state: 'failed', reason: 'aborted', mimeType: undefined },
    })
  })
}
