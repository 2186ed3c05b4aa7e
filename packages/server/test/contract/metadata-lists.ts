import { expect, it } from 'vitest'
import type { Metadata } from '../../src/core/ports.ts'
import type { Page, PageRequest, Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, sampleUpload, sealedAs, T0, upTo } from './samples.ts'

export function listSentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload> = {}) => {
    const upload = sampleUpload(changes)
    await metadata().createUpload(upload, assetFor(upload))
    return upload
  }
  const ids = ({ items }: Page<{ id: string }>) => items.map(({ id }) => id)

  it('lists every upload that is not completed', async () => {
    const active = await create({ createdAt: T0 + 4 })
    const failed = await create({ createdAt: T0 + 3 })
    const expired = await create({ createdAt: T0 + 2, expiresAt: T0 + 10 })
    const completed = await create({ createdAt: T0 + 1 })
    await metadata().failUpload(failed.id, 'no', T0 + 20)
    await metadata().recordChunks(completed.id, claimsFor(completed, [1, 2, 3]), T0 + 20)
    await metadata().completeUpload(completed.id, sealedAs(completed), T0 + 20)
    await metadata().expireUploads(T0 + 20, 'late', 10)
    const page = await metadata().listIncomplete('alice', { page: 1, limit: 10 })
    expect(page.items.map(({ id, state }) => [id, state])).toEqual([
      [active.id, 'active'],
      [failed.id, 'failed'],
      [expired.id, 'expired'],
    ])
    expect(page.total).toBe(3)
  })

  const lists: [string, (page: PageRequest) => Promise<Page<{ id: string }>>, 'id' | 'assetId'][] =
    [
      ['uploads', (page) => metadata().listIncomplete('alice', page), 'id'],
      ['assets', (page) => metadata().listAssets('alice', page, {}), 'assetId'],
    ]

  it.each(lists)('lists %s newest first, in whatever order they were made', async (_, list, id) => {
    const made: Upload[] = []
    for (const age of [2, 5, 1, 4, 3]) made.push(await create({ createdAt: T0 - age }))
    const newestFirst = made.toSorted((a, b) => b.createdAt - a.createdAt)
    expect(ids(await list({ page: 1, limit: 10 }))).toEqual(newestFirst.map((u) => u[id]))
  })

  it.each(lists)('lists %s made in one millisecond by id, latest first', async (_, list, id) => {
    const key = (n: number) => n.toString(16).padStart(24, '0')
    for (const n of [3, 1, 2]) await create({ id: key(n), assetId: key(n + 10) })
    const shift = id === 'id' ? 0 : 10
    expect(ids(await list({ page: 1, limit: 10 }))).toEqual([3, 2, 1].map((n) => key(n + shift)))
  })

  it.each(lists)('cuts %s into pages without loss or repetition', async (_, list, id) => {
    const made: string[] = []
    for (const n of upTo(7)) made.unshift((await create({ createdAt: T0 + n }))[id])
    expect(await list({ page: 1, limit: 3 })).toMatchObject({ total: 7 })
    expect(ids(await list({ page: 1, limit: 3 }))).toEqual(made.slice(0, 3))
    expect(ids(await list({ page: 2, limit: 3 }))).toEqual(made.slice(3, 6))
    expect(ids(await list({ page: 3, limit: 3 }))).toEqual(made.slice(6))
  })

  it.each(lists)('lists no %s on a page past the end, however far', async (_, list) => {
    await create()
    for (const page of [2, 1e9, Number.MAX_SAFE_INTEGER, 1e18]) {
      expect(await list({ page, limit: 50 })).toEqual({ items: [], total: 1 })
    }
  })

  it.each(lists)('lists no %s past the end, and still the total', async (_, list) => {
    await create()
    expect(await list({ page: 2, limit: 10 })).toEqual({ items: [], total: 1 })
    expect(await list({ page: 100_000, limit: 50 })).toEqual({ items: [], total: 1 })
  })
}
