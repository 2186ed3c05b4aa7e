import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { Asset, AssetFilter } from '../../src/core/types.ts'
import { assetFor, race, sampleUpload, T0 } from './samples.ts'

const PAGE = { page: 1, limit: 50 }

export function filterSentences(metadata: () => Metadata): void {
  async function create(changes: Partial<Asset> = {}): Promise<Asset> {
    const upload = sampleUpload({ account: changes.account ?? 'alice' })
    const asset = { ...assetFor(upload), ...changes }
    await metadata().createUpload(upload, asset)
    return asset
  }
  const names = async (filter: AssetFilter) =>
    (await metadata().listAssets('alice', PAGE, filter)).items
      .map(({ filename }) => filename)
      .sort()

  it('finds names by a part of them, whatever its case', async () => {
    for (const filename of ['Holiday.MP4', 'übung ÄÖ.mov', 'other.txt']) await create({ filename })
    expect(await names({ filename: 'holi' })).toEqual(['Holiday.MP4'])
    expect(await names({ filename: '.mp4' })).toEqual(['Holiday.MP4'])
    expect(await names({ filename: 'ÜBUNG äö' })).toEqual(['übung ÄÖ.mov'])
    expect(await names({ filename: 'u\u0308bung' })).toEqual(['übung ÄÖ.mov'])
    expect(await names({ filename: 'nowhere' })).toEqual([])
  })

  it.each(['%', '_', '\\', "'", '100%', 'a_b'])('takes %s in a name as it is', async (part) => {
    await create({ filename: `x${part}y` })
    await create({ filename: 'x-y axb 1000' })
    expect(await names({ filename: part })).toEqual([`x${part}y`])
  })

  it('finds nothing by a text with a NUL, and does not stumble over it', async () => {
    const { id } = await create({ filename: 'a' })
    expect(await names({ filename: 'a\0' })).toEqual([])
    expect(await names({ filename: '\0a' })).toEqual([])
    expect(await metadata().findAsset('alice', `${id}\0`)).toBeUndefined()
    expect(await metadata().findAsset('alice\0', id)).toBeUndefined()
    expect(await metadata().findKey('\0')).toBeUndefined()
  })

  it('keeps NULs in key-value pairs as they are', async () => {
    const { id } = await create({})
    const values = { 'a\0b': 'c\0d' }
    await metadata().changeUserMetadata('alice', id, { kind: 'replace', values }, T0)
    expect((await metadata().findAsset('alice', id))?.userMetadata).toEqual(values)
  })

  it('misses none that was there when others are added between pages', async () => {
    const there = []
    for (let i = 0; i < 7; i++) there.push(await create({ createdAt: T0 + i }))
    const seen = new Set<string>()
    for (let page = 1; page <= 8; page++) {
      const { items } = await metadata().listAssets('alice', { page, limit: 2 }, {})
      for (const { id } of items) seen.add(id)
      await create({ createdAt: T0 + 100 + page })
    }
    expect(there.filter(({ id }) => !seen.has(id))).toEqual([])
  })

  it('filters by ids and types, all filters at once', async () => {
    const film = await create({ filename: 'a.mp4', type: 'video' })
    const sound = await create({ filename: 'a.mp3', type: 'audio' })
    const foreign = await create({ filename: 'b.mp4', account: 'bob' })
    expect(await names({ ids: [film.id, sound.id, foreign.id] })).toEqual(['a.mp3', 'a.mp4'])
    expect(await names({ types: ['audio', 'image'] })).toEqual(['a.mp3'])
    expect(await names({ types: ['video'], ids: [film.id], filename: 'A.' })).toEqual(['a.mp4'])
    expect(await names({ types: ['document'] })).toEqual([])
    const page = await metadata().listAssets('alice', { page: 1, limit: 1 }, { filename: 'a.' })
    expect(page).toMatchObject({ items: [{ filename: 'a.mp3' }], total: 2 })
  })

  it('misses no asset that was there, when others come while pages are read', async () => {
    const ids: string[] = []
    for (let i = 0; i < 6; i++) ids.push((await create({ createdAt: T0 + i })).id)
    const seen = new Set<string>()
    for (let page = 1; page <= 5; page++) {
      const { items } = await metadata().listAssets('alice', { page, limit: 2 }, {})
      for (const { id } of items) seen.add(id)
      await create({ createdAt: T0 + 100 + page })
    }
    expect([...seen]).toEqual(expect.arrayContaining(ids))
  })

  it('keeps key-value pairs with an asset, and changes them', async () => {
    const values = { take: 3, name: 'Ünï "q"', ok: true, half: 0.5 }
    const { id } = await create({ userMetadata: values })
    const pairs = async () => (await metadata().findAsset('alice', id))?.userMetadata
    expect(await pairs()).toEqual(values)
    const merge = { kind: 'merge', values: { take: null, more: 'x' } } as const
    expect(await metadata().changeUserMetadata('alice', id, merge, T0)).toBe(true)
    expect(await pairs()).toEqual({ name: values.name, ok: true, half: 0.5, more: 'x' })
    await metadata().changeUserMetadata('alice', id, { kind: 'replace', values: {} }, T0)
    expect(await pairs()).toEqual({})
  })

  it('loses no pair when changes race', async () => {
    const { id } = await create()
    await race(20, (i) =>
      metadata().changeUserMetadata('alice', id, { kind: 'merge', values: { [`k${i}`]: i } }, T0),
    )
    const asset = await metadata().findAsset('alice', id)
    expect(Object.keys(asset?.userMetadata ?? {})).toHaveLength(20)
  })

  it('changes the pairs of no asset that is deleted, unknown or not yours', async () => {
    const change = { kind: 'replace', values: { a: 1 } } as const
    const { id } = await create()
    expect(await metadata().changeUserMetadata('bob', id, change, T0)).toBe(false)
    expect(await metadata().changeUserMetadata('alice', 'f'.repeat(24), change, T0)).toBe(false)
    await metadata().deleteAsset('alice', id, 'deleted', T0)
    expect(await metadata().changeUserMetadata('alice', id, change, T0)).toBe(false)
  })
}
