import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, smallPlan, T0 } from './samples.ts'

const LEASE = 1000
const URL = 'https://example.com/film.mp4?token=secret'

export function ingestSentences(metadata: () => Metadata): void {
  const begin = async (url?: string) => {
    const upload = sampleUpload({
      ...smallPlan(1_000_001, 1000),
      ...{ method: url ? 'url' : 'direct', filename: 'unnamed' },
    })
    const asset = { ...assetFor(upload), method: upload.method, size: 0 }
    await metadata().createIngest(upload, url ? asset : undefined, url)
    return { upload, asset }
  }
  const find = ({ assetId }: { assetId: string }) => metadata().findAsset('alice', assetId)
  const claim = (now: number) => metadata().claimImport(now, LEASE)

  it('shows nothing of a file that is still arriving', async () => {
    const { upload } = await begin()
    expect(await find(upload)).toBeUndefined()
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({ method: 'direct' })
    const { total } = await metadata().listIncomplete('alice', { page: 1, limit: 10 })
    expect(total).toBe(0)
  })

  it('records the asset with the plan, once the length is known', async () => {
    const { upload } = await begin()
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    const plan = smallPlan(2500, 1000)
    const named = { filename: 'Film.MP4', type: 'video', size: 2500 } as const
    const asset = { ...assetFor({ ...upload, ...plan }), ...named, method: 'direct' } as const
    expect(await metadata().planIngest(upload.id, plan, asset, T0 + 5)).toBe(true)
    expect(await find(upload)).toEqual(asset)
    expect(await metadata().findUpload('alice', upload.id)).toMatchObject({
      ...{ ...plan, filename: 'Film.MP4', chunksCompleted: 3, updatedAt: T0 + 5 },
    })
    const page = { page: 1, limit: 10 }
    expect((await metadata().listAssets('alice', page, { filename: 'film' })).total).toBe(1)
    expect(await metadata().listUnsealed(T0 + 5, 10)).toMatchObject([{ id: upload.id }])
    expect(await metadata().completeUpload(upload.id, sealedAs(upload), T0 + 6)).toBe(true)
  })

  it('gives the asset that is there its size, name, type and renditions, and no more', async () => {
    const { upload, asset } = await begin(URL)
    expect(await find(upload)).toEqual(asset)
    await metadata().changeUserMetadata('alice', asset.id, { kind: 'merge', values: { a: 1 } }, T0)
    const hls = { state: 'pending', reason: undefined } as const
    const known = { ...asset, filename: 'song.mp3', type: 'audio', size: 2500, hls } as const
    expect(await metadata().planIngest(upload.id, smallPlan(2500, 1000), known, T0)).toBe(true)
    expect(await find(upload)).toEqual({ ...known, userMetadata: { a: 1 } })
  })

  it('plans nothing for an upload that is over', async () => {
    const { upload, asset } = await begin()
    await metadata().failUpload(upload.id, 'cut off', T0)
    expect(await metadata().planIngest(upload.id, upload, asset, T0)).toBe(false)
    expect(await find(upload)).toBeUndefined()
  })

  it('forgets chunks of which it is told', async () => {
    const { upload } = await begin(URL)
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2]), T0)
    await claim(T0)
    await metadata().renewImport(upload.id, T0 + LEASE, T0 + LEASE, { validator: '"v1"' })
    const restart = (held: number) =>
      metadata().restartIngest(
        upload.id,
        { ...smallPlan(5000, 500), storeRef: 'another place' },
        held,
        T0 + 1,
      )
    expect(await restart(T0)).toBe(false)
    expect(await metadata().findIngest(upload.assetId)).toMatchObject({
      ...{ uploadedSize: 2000, storeRef: upload.storeRef },
    })
    expect(await restart(T0 + LEASE)).toBe(true)
    expect(await metadata().listChunks(upload.id, { from: 1, to: 9 })).toEqual([])
    expect(await metadata().findIngest(upload.assetId)).toMatchObject({
      ...{ uploadedSize: 0, chunksCompleted: 0, ...smallPlan(5000, 500) },
      storeRef: 'another place',
    })
    expect(await claim(T0 + LEASE)).toMatchObject({ validator: undefined })
    const { added } = await metadata().recordChunks(upload.id, claimsFor(upload, [2]), T0)
    expect(added).toBe(1)
  })

  it('tells how far a fetch has come', async () => {
    const { upload } = await begin(URL)
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2]), T0)
    expect(await metadata().findIngest(upload.assetId)).toMatchObject({ uploadedSize: 2000 })
    const direct = await begin()
    expect(await metadata().findIngest(direct.upload.assetId)).toBeUndefined()
  })

  it('gives an import to exactly one of many racing claimers', async () => {
    const { upload } = await begin(URL)
    await begin()
    const claimed = (await race(20, () => claim(T0))).filter(Boolean)
    expect(claimed).toMatchObject([
      {
        ...{ upload: { id: upload.id, method: 'url' }, url: URL, validator: undefined },
        ...{ until: T0 + LEASE, attempt: 1 },
      },
    ])
  })

  it('records chunks for who holds the lease, and for nobody else', async () => {
    const { upload } = await begin(URL)
    await claim(T0)
    const record = (held: number) =>
      metadata().recordChunks(upload.id, claimsFor(upload, [1]), T0, held)
    expect(await record(T0)).toMatchObject({ active: false, added: 0 })
    expect(await metadata().findIngest(upload.assetId)).toMatchObject({ uploadedSize: 0 })
    expect(await record(T0 + LEASE)).toMatchObject({ active: true, added: 1 })
    await claim(T0 + LEASE)
    expect(await record(T0 + LEASE)).toMatchObject({ active: false, added: 0 })
  })

  it('makes no renditions of what did not come', async () => {
    const upload = sampleUpload({ method: 'url' })
    const pending = { state: 'pending', reason: undefined } as const
    const asset = { ...assetFor(upload), method: 'url', hls: pending } as const
    await metadata().createIngest(upload, asset, URL)
    await metadata().failUpload(upload.id, 'not found', T0)
    const reason = 'The asset itself failed.'
    expect(await find(upload)).toMatchObject({ hls: { state: 'error', reason } })
    expect((await find(upload))?.thumbnail).toBeUndefined()
  })

  it('gives an import again when its lease has run out, and counts', async () => {
    const { upload } = await begin(URL)
    await claim(T0)
    expect(await claim(T0 + LEASE - 1)).toBeUndefined()
    expect(await claim(T0 + LEASE)).toMatchObject({ upload: { id: upload.id }, attempt: 2 })
  })

  it('extends an import for who holds it, and remembers the version and the count', async () => {
    const { upload } = await begin(URL)
    await claim(T0)
    const renew = (held: number, changes = {}) =>
      metadata().renewImport(upload.id, held, T0 + 5 * LEASE, changes)
    expect(await renew(T0)).toBe(false)
    expect(await renew(T0 + LEASE, { validator: '"v1"', attempt: 0 })).toBe(true)
    expect(await renew(T0 + LEASE)).toBe(false)
    expect(await renew(T0 + 5 * LEASE)).toBe(true)
    expect(await claim(T0 + 5 * LEASE)).toMatchObject({ validator: '"v1"', attempt: 1 })
  })

  it.each([
    [
      'completed',
      async (id: string, upload: ReturnType<typeof sampleUpload>) => {
        await metadata().planIngest(id, smallPlan(1000, 1000), assetFor(upload), T0)
        await metadata().recordChunks(id, claimsFor(upload, [1]), T0)
        await metadata().completeUpload(id, sealedAs(upload), T0)
      },
    ],
    ['failed', (id: string) => metadata().failUpload(id, 'refused', T0)],
    [
      'expired',
      (_id: string, upload: ReturnType<typeof sampleUpload>) =>
        metadata().expireUploads(upload.expiresAt, 'late', 10),
    ],
    [
      'deleted',
      (_id: string, upload: ReturnType<typeof sampleUpload>) =>
        metadata().deleteAsset('alice', upload.assetId, 'deleted', T0),
    ],
  ] as const)('forgets the URL of an import that is %s', async (_name, end) => {
    const { upload } = await begin(URL)
    await claim(T0)
    await end(upload.id, upload)
    expect(await claim(T0 + 9 * LEASE)).toBeUndefined()
    expect(await metadata().renewImport(upload.id, T0 + LEASE, T0 + 2 * LEASE)).toBe(false)
    expect(await metadata().findIngest(upload.assetId)).toBeUndefined()
  })
}
