import { expect, it } from 'vitest'
import type { Change, Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0, upTo } from './samples.ts'

const ALL = { at: 0, id: '' }

export function changeSentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload> = {}) => {
    const upload = sampleUpload(changes)
    await metadata().createUpload(upload, assetFor(upload))
    return upload
  }
  const sealed = async () => {
    const upload = await create()
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    await metadata().completeUpload(upload.id, sealedAs(upload), T0)
    return upload
  }
  const fetched = async () => {
    const upload = sampleUpload({ method: 'url' })
    await metadata().createIngest(upload, assetFor(upload), 'https://example.com/a')
    const { until } = (await metadata().claimImport(T0, 1000))!
    return { upload, until }
  }
  const listed = (after = ALL, limit = 100) => metadata().listChanges('alice', after, limit)
  const asset = (upload: Upload, at: number): Change => ({ kind: 'asset', id: upload.assetId, at })
  const session = (upload: Upload, at: number): Change => ({ kind: 'upload', id: upload.id, at })
  const inOrder = (changes: Change[]) =>
    changes.toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))

  /** What `write` changed, with `write` told a time after all before. */
  async function changesOf(write: (now: number) => Promise<unknown>) {
    const before = await listed()
    const now = T0 + 1000
    await write(now)
    const known = new Set(before.map(({ id, at }) => `${id} ${at}`))
    return (await listed()).filter(({ id, at }) => !known.has(`${id} ${at}`))
  }

  it('tells of a new upload and its asset', async () => {
    const upload = await create()
    expect(await listed()).toEqual(inOrder([asset(upload, T0), session(upload, T0)]))
  })

  it('tells of a file that comes in a form only when it has an asset', async () => {
    const upload = sampleUpload({ method: 'direct' })
    await metadata().createIngest(upload)
    expect(await listed()).toEqual([session(upload, T0)])
    const told = await changesOf((now) =>
      metadata().planIngest(upload.id, upload, assetFor(upload), now),
    )
    expect(told).toEqual(inOrder([asset(upload, T0 + 1000), session(upload, T0 + 1000)]))
  })

  it('tells of a file that is fetched, its plan, its progress and its new beginning', async () => {
    const { upload, until } = await fetched()
    expect(await listed()).toEqual(inOrder([asset(upload, T0), session(upload, T0)]))
    const { id } = upload
    const planned = await changesOf((now) =>
      metadata().planIngest(id, upload, assetFor(upload), now, until),
    )
    expect(planned).toEqual(inOrder([asset(upload, T0 + 1000), session(upload, T0 + 1000)]))
    const chunks = claimsFor(upload, [1])
    const recorded = await changesOf(() => metadata().recordChunks(id, chunks, T0 + 2000, until))
    expect(recorded).toEqual([session(upload, T0 + 2000)])
    const again = await changesOf(() => metadata().restartIngest(id, upload, until, T0 + 3000))
    expect(again).toEqual([session(upload, T0 + 3000)])
  })

  it.each<[string, ('upload' | 'asset')[], (upload: Upload, now: number) => Promise<unknown>]>([
    [
      'a report',
      ['upload'],
      (upload, now) => metadata().recordChunks(upload.id, claimsFor(upload, [1]), now),
    ],
    ['a failure', ['upload', 'asset'], ({ id }, now) => metadata().failUpload(id, 'no', now)],
    [
      'a deletion',
      ['upload', 'asset'],
      ({ assetId }, now) => metadata().deleteAsset('alice', assetId, 'gone', now),
    ],
    [
      'a change of key-value pairs',
      ['asset'],
      ({ assetId }, now) =>
        metadata().changeUserMetadata('alice', assetId, { kind: 'merge', values: { a: 1 } }, now),
    ],
  ])('tells of %s of an active upload: %j', async (_name, kinds, write) => {
    const upload = await create()
    const told = await changesOf((now) => write(upload, now))
    expect(told.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted())
    expect(told.every(({ at }) => at >= T0 + 1000)).toBe(true)
    expect(told.every(({ id }) => id === upload.id || id === upload.assetId)).toBe(true)
  })

  it('tells of an expiry', async () => {
    const upload = await create({ expiresAt: T0 + 500 })
    const told = await changesOf((now) => metadata().expireUploads(now, 'late', 10))
    expect(told).toEqual(inOrder([asset(upload, T0 + 1000), session(upload, T0 + 1000)]))
  })

  it('tells of a completion', async () => {
    const upload = await create()
    await metadata().recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
    const told = await changesOf((now) =>
      metadata().completeUpload(upload.id, sealedAs(upload), now),
    )
    expect(told).toEqual(inOrder([asset(upload, T0 + 1000), session(upload, T0 + 1000)]))
  })

  it('tells of what processing changes, and not of its leases', async () => {
    const { assetId } = await sealed()
    const leased = await changesOf(async (now) => {
      await metadata().claimAsset(now, 100)
      await metadata().renewAsset(assetId, now + 100, now + 200)
    })
    expect(leased).toEqual([])
    const told = await changesOf((now) =>
      metadata().changeAsset(assetId, now + 200, { state: 'ready' }, now),
    )
    expect(told).toEqual([{ kind: 'asset', id: assetId, at: T0 + 1000 }])
    const released = () => metadata().releaseAsset(assetId, T0 + 1200, 'done')
    expect(await changesOf(released)).toEqual([])
  })

  it('tells nothing of writes that changed nothing', async () => {
    const upload = await sealed()
    const { id, assetId } = upload
    const told = await changesOf(async (now) => {
      await metadata().recordChunks(id, claimsFor(upload, [1]), now)
      await metadata().completeUpload(id, sealedAs(upload), now)
      await metadata().failUpload(id, 'no', now)
      await metadata().expireUploads(now, 'late', 10)
      await metadata().changeAsset(assetId, 1, { state: 'failed' }, now)
      await metadata().deleteAsset('bob', assetId, 'mine', now)
      const change = { kind: 'replace', values: {} } as const
      await metadata().changeUserMetadata('bob', assetId, change, now)
      await metadata().findAsset('alice', assetId)
      await metadata().markFreed(id)
    })
    expect(told).toEqual([])
  })

  it('gives every change of one resource a later time, also in one millisecond or with a slow clock', async () => {
    const { assetId } = await create()
    const times = [0]
    for (const now of [T0, T0, T0 - 5000, T0 + 1, T0 + 9000]) {
      const change = { kind: 'merge', values: { now } } as const
      await metadata().changeUserMetadata('alice', assetId, change, now)
      times.push((await listed()).find(({ id }) => id === assetId)!.at)
    }
    expect(times).toEqual([0, T0 + 1, T0 + 2, T0 + 3, T0 + 4, T0 + 9000])
  })

  it('gives twenty changes at once times of their own', async () => {
    const upload = await create()
    await race(20, (i) => metadata().recordChunks(upload.id, claimsFor(upload, [1 + (i % 3)]), T0))
    expect((await listed()).find(({ id }) => id === upload.id)?.at).toBe(T0 + 20)
  })

  it('lists in the order of the changes, each resource once, where it was changed last', async () => {
    const [first, second] = [await create(), await create({ createdAt: T0 + 1, updatedAt: T0 + 1 })]
    await metadata().recordChunks(first.id, claimsFor(first, [1]), T0 + 2)
    expect(await listed()).toEqual([
      asset(first, T0),
      ...inOrder([asset(second, T0 + 1), session(second, T0 + 1)]),
      session(first, T0 + 2),
    ])
  })

  it('lists what comes after a position, page by page, without loss or repetition', async () => {
    for (const n of upTo(5)) await create({ updatedAt: T0 + (n % 2) })
    const all = await listed()
    expect(all).toHaveLength(10)
    expect(all).toEqual(inOrder(all))
    const pages: Change[] = []
    for (let position = ALL; ; ) {
      const page = await listed(position, 3)
      if (page.length === 0) break
      pages.push(...page)
      position = page.at(-1)!
    }
    expect(pages).toEqual(all)
    expect(await listed({ at: T0 + 1, id: '' })).toEqual(all.filter(({ at }) => at === T0 + 1))
    expect(await listed({ at: T0 + 2, id: '' })).toEqual([])
  })

  it("lists nothing of another account's", async () => {
    const hers = await create()
    const his = await create({ account: 'bob' })
    expect((await listed()).map(({ id }) => id)).toEqual(
      expect.arrayContaining([hers.id, hers.assetId]),
    )
    expect(await metadata().listChanges('bob', ALL, 10)).toEqual(
      inOrder([asset(his, T0), session(his, T0)]),
    )
    expect(await metadata().listChanges('carol', ALL, 10)).toEqual([])
  })

  it('lists a deleted asset until it is purged', async () => {
    const upload = await sealed()
    await metadata().deleteAsset('alice', upload.assetId, 'gone', T0 + 10)
    expect(await listed({ at: T0 + 10, id: '' })).toEqual([asset(upload, T0 + 10)])
    await metadata().purgeAsset(upload.assetId)
    expect(await listed()).toEqual([])
  })
}
