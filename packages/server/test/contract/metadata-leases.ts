import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0 } from './samples.ts'

const LEASE = 1000
const READY = { state: 'ready', mimeType: 'video/mp4' } as const

export function leaseSentences(metadata: () => Metadata): void {
  const createSealed = async () => {
    const upload = sampleUpload()
    await metadata().createUpload(upload, assetFor(upload))
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    await metadata().completeUpload(upload.id, sealedAs(upload), T0)
    return upload
  }
  const claim = (now: number) => metadata().claimAsset(now, LEASE)
  const find = (upload: { assetId: string }) => metadata().findAsset('alice', upload.assetId)

  it('has nothing to claim while no asset is sealed', async () => {
    expect(await claim(T0)).toBeUndefined()
    const upload = sampleUpload()
    await metadata().createUpload(upload, assetFor(upload))
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    expect(await claim(T0)).toBeUndefined()
  })

  it('gives a sealed asset to exactly one of many racing claimers', async () => {
    const upload = await createSealed()
    const claimed = await race(20, () => claim(T0))
    const asset = { ...assetFor(upload), object: sealedAs(upload) }
    expect(claimed.filter(Boolean)).toEqual([{ asset, until: T0 + LEASE, attempt: 1 }])
  })

  it('gives five assets to five of many racing claimers, each once', async () => {
    const made = await race(5, createSealed)
    const claimed = await race(20, () => claim(T0))
    expect(claimed.flatMap((lease) => lease?.asset.id ?? []).sort()).toEqual(
      made.map(({ assetId }) => assetId).sort(),
    )
  })

  it('gives an asset again when its lease has run out, not before, and counts', async () => {
    const { assetId } = await createSealed()
    expect(await claim(T0)).toMatchObject({ asset: { id: assetId }, attempt: 1 })
    expect(await claim(T0 + LEASE - 1)).toBeUndefined()
    const again = await race(5, () => claim(T0 + LEASE))
    expect(again.filter(Boolean)).toMatchObject([{ asset: { id: assetId }, attempt: 2 }])
    expect(await claim(T0 + 2 * LEASE - 1)).toBeUndefined()
  })

  it('does not give away a deleted asset, and nobody can go on with it', async () => {
    const first = await createSealed()
    await claim(T0)
    const second = await createSealed()
    for (const { assetId } of [first, second]) {
      await metadata().deleteAsset('alice', assetId, 'deleted', T0)
    }
    expect(await claim(T0 + LEASE)).toBeUndefined()
    expect(await metadata().renewAsset(first.assetId, T0 + LEASE, T0 + 2 * LEASE)).toBe(false)
    expect(await metadata().changeAsset(first.assetId, T0 + LEASE, READY, T0)).toBe(false)
  })

  it('extends a lease for who holds it, and for nobody else', async () => {
    const { assetId } = await createSealed()
    await claim(T0)
    expect(await metadata().renewAsset(assetId, T0, T0 + 9 * LEASE)).toBe(false)
    expect(await metadata().renewAsset(assetId, T0 + LEASE, T0 + 9 * LEASE)).toBe(true)
    expect(await metadata().renewAsset(assetId, T0 + LEASE, T0 + 9 * LEASE)).toBe(false)
    expect(await claim(T0 + 9 * LEASE - 1)).toBeUndefined()
    expect(await claim(T0 + 9 * LEASE)).toMatchObject({ attempt: 2 })
  })

  it('changes an asset as far as the changes go', async () => {
    const upload = await createSealed()
    await claim(T0)
    const change = (changes: Parameters<Metadata['changeAsset']>[2]) =>
      metadata().changeAsset(upload.assetId, T0 + LEASE, changes, T0)
    const before = await find(upload)
    expect(await change({})).toBe(true)
    expect(await find(upload)).toEqual(before)
    const found = {
      ...READY,
      type: 'audio',
      ...{ duration: 2.5, technicalMetadata: { audio_codec: 'aac' } },
    } as const
    expect(await change(found)).toBe(true)
    const hls = { state: 'error', reason: 'no ffmpeg' } as const
    const thumbnail = { state: 'ready', reason: undefined } as const
    expect(await change({ hls })).toBe(true)
    expect(await change({ thumbnail })).toBe(true)
    expect(await find(upload)).toEqual({ ...before, ...found, hls, thumbnail })
    expect(await change({ hls: thumbnail, mimeType: undefined })).toBe(true)
    expect(await find(upload)).toMatchObject({ hls: thumbnail, mimeType: undefined })
  })

  it('does not let a late holder change anything', async () => {
    const upload = await createSealed()
    await claim(T0)
    await claim(T0 + LEASE)
    expect(await metadata().changeAsset(upload.assetId, T0 + LEASE, READY, T0)).toBe(false)
    await metadata().releaseAsset(upload.assetId, T0 + LEASE, 'done')
    expect(await find(upload)).toMatchObject({ state: 'processing' })
    expect(await claim(T0 + 2 * LEASE)).toBeDefined()
  })

  it('gives nobody an asset that is done', async () => {
    const upload = await createSealed()
    await claim(T0)
    await metadata().releaseAsset(upload.assetId, T0 + LEASE, 'done')
    expect(await claim(T0 + 99 * LEASE)).toBeUndefined()
    expect(await metadata().changeAsset(upload.assetId, T0 + LEASE, READY, T0)).toBe(false)
  })

  it('takes an asset back before its time, and the attempt does not count', async () => {
    const upload = await createSealed()
    await claim(T0)
    await metadata().releaseAsset(upload.assetId, T0 + LEASE, { at: T0 + 10 })
    expect(await claim(T0 + 9)).toBeUndefined()
    expect(await claim(T0 + 10)).toMatchObject({ attempt: 1 })
  })

  it('keeps the bytes of a failed asset readable', async () => {
    const upload = await createSealed()
    await claim(T0)
    const changes = { state: 'failed', reason: 'not a video', mimeType: 'image/png' } as const
    await metadata().changeAsset(upload.assetId, T0 + LEASE, changes, T0)
    await metadata().releaseAsset(upload.assetId, T0 + LEASE, 'done')
    expect(await metadata().findSealedAsset(upload.assetId)).toEqual({
      ...assetFor(upload),
      ...{ object: sealedAs(upload), ...changes },
    })
  })
}
