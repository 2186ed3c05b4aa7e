import { expect, it } from 'vitest'
import type { Idempotency, Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, race, sampleUpload, T0, upTo } from './samples.ts'

const KEY: Idempotency = { key: 'k1', fingerprint: 'one', since: T0 - 1000 }

export function idempotencySentences(metadata: () => Metadata): void {
  const create = async (changes: Partial<Upload>, idempotency?: Idempotency) => {
    const upload = sampleUpload(changes)
    const outcome = await metadata().createUpload(upload, assetFor(upload), idempotency)
    return { upload, outcome }
  }
  const count = async (account = 'alice') =>
    (await metadata().listIncomplete(account, { page: 1, limit: 1 })).total

  it('returns what the first call did when a key comes again, and records nothing', async () => {
    const first = await create({}, KEY)
    expect(first.outcome).toEqual({ created: true })
    await metadata().recordChunks(first.upload.id, claimsFor(first.upload, [1]), T0 + 1)
    const again = await create({ filename: 'other.mp4' }, { ...KEY, fingerprint: 'two' })
    expect(again.outcome).toEqual({
      created: false,
      upload: { ...first.upload, updatedAt: T0 + 1, chunksCompleted: 1, uploadedSize: 1000 },
      fingerprint: 'one',
    })
    expect(await metadata().findUpload('alice', again.upload.id)).toBeUndefined()
    expect(await metadata().findAsset('alice', again.upload.assetId)).toBeUndefined()
    expect(await count()).toBe(1)
  })

  it('creates one upload when twenty calls with one key race', async () => {
    const calls = await race(20, () => create({}, KEY))
    const winners = calls.filter(({ outcome }) => outcome.created)
    expect(winners).toHaveLength(1)
    for (const { outcome } of calls) {
      if (!outcome.created) expect(outcome.upload.id).toBe(winners[0]!.upload.id)
    }
    expect(await count()).toBe(1)
    expect((await metadata().listAssets('alice', { page: 1, limit: 1 }, {})).total).toBe(1)
  })

  it('keeps the keys of accounts apart', async () => {
    expect((await create({ account: 'alice' }, KEY)).outcome.created).toBe(true)
    expect((await create({ account: 'bob' }, KEY)).outcome.created).toBe(true)
    expect(await count('alice')).toBe(1)
    expect(await count('bob')).toBe(1)
  })

  it('tells keys apart that differ in case or in a trailing space', async () => {
    for (const key of ['k', 'K', 'k ', '%', "'"]) {
      expect((await create({}, { ...KEY, key })).outcome.created).toBe(true)
    }
    expect(await count()).toBe(5)
  })

  it('holds a key used exactly at `since`', async () => {
    await create({ createdAt: T0 }, KEY)
    expect((await create({}, { ...KEY, since: T0 })).outcome.created).toBe(false)
  })

  it('frees a key used before `since`, and the newer upload answers from then on', async () => {
    const old = await create({ createdAt: T0 }, KEY)
    const newer = await create({ createdAt: T0 + 100 }, { ...KEY, since: T0 + 1 })
    expect(newer.outcome).toEqual({ created: true })
    const third = await create({}, { ...KEY, since: T0 + 1 })
    expect(third.outcome).toMatchObject({ created: false, upload: { id: newer.upload.id } })
    expect(await metadata().findUpload('alice', old.upload.id)).toMatchObject({ state: 'active' })
    expect(await count()).toBe(2)
  })

  it('lets exactly one of twenty racers reuse a key that is free again', async () => {
    await create({ createdAt: T0 }, KEY)
    const calls = await race(20, () => create({ createdAt: T0 + 100 }, { ...KEY, since: T0 + 1 }))
    expect(calls.filter(({ outcome }) => outcome.created)).toHaveLength(1)
    expect(await count()).toBe(2)
  })

  it('does not take the absence of a key for a key', async () => {
    for (const _ of upTo(3)) expect((await create({})).outcome).toEqual({ created: true })
    expect(await count()).toBe(3)
  })
}
