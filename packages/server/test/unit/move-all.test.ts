import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import type { FileSource } from '../../src/adapters/fs/source.ts'
import type { CopiedAsset, CopySource, CopyTarget } from '../../src/adapters/sql/copy.ts'
import { inStore, withoutBytes } from '../../src/adapters/sql/copy.ts'
import { assetRow, uploadRow } from '../../src/adapters/sql/rows.ts'
import type { ChunkStore } from '../../src/core/ports.ts'
import { createJournals } from '../../src/server/move/journal.ts'
import { moveAll } from '../../src/server/move/move.ts'
import type { MovedAssets } from '../../src/server/move/moved.ts'
import { createBudget } from '../../src/server/move/parallel.ts'
import { planMove } from '../../src/server/move/plan.ts'
import { bytesFor } from '../contract/bodies.ts'
import { assetFor, sampleUpload, smallPlan, T0, upTo } from '../contract/samples.ts'
import { createMemoryPorts, NEVER } from '../support/fakes.ts'
import { temporaryFolder } from '../support/program.ts'
import { sha256 } from '../support/program-files.ts'

/** The rows of an asset of `count` chunks of ten bytes. */
function copied(count: number, changes: Partial<CopiedAsset['asset']> = {}): CopiedAsset {
  const upload = sampleUpload({ ...smallPlan(count * 10, 10), state: 'completed' })
  const sealed = { ...assetFor(upload), object: { ref: upload.assetId, etag: 'old' } }
  return {
    upload: { ...uploadRow(upload), reason: null, freed: 0 } as CopiedAsset['upload'],
    asset: {
      ...(assetRow(sealed, sealed.createdAt) as CopiedAsset['asset']),
      ...{ waiting: 0, leasedUntil: 77, attempts: 1 },
      ...changes,
    },
  }
}

const planOf = ({ upload }: CopiedAsset) => ({
  ...sampleUpload({ id: upload!.id, totalChunks: upload!.totalChunks }),
  ...smallPlan(upload!.totalChunks * 10, 10),
})

function sourceOf(all: CopiedAsset[]): CopySource {
  const chunksOf = (one: CopiedAsset) =>
    upTo(one.upload!.totalChunks).map((index) => {
      const etag = sha256(bytesFor(planOf(one), index))
      return { index, etag, size: 10, reportedAt: T0 }
    })
  return {
    openUploads: async () => [],
    keys: async () => [],
    assets: async (after) => all.filter(({ asset }) => asset.id > after),
    chunks: async (id) => chunksOf(all.find(({ upload }) => upload?.id === id)!),
    close: async () => {},
  }
}

function targetWith(ids: string[] = []) {
  const added: CopiedAsset[] = []
  const to: CopyTarget = {
    addKeys: async () => {},
    present: async () => new Set([...ids, ...added.map(({ asset }) => asset.id)]),
    identity: async () => 'memory',
    count: async () => ids.length + added.length,
    add: async (one) => void added.push(one),
    close: async () => {},
  }
  return { to, added }
}

/** What came to the target once. */
function movedBefore(...ids: string[]): MovedAssets {
  const known = new Set(ids)
  return { has: (id) => known.has(id), add: async (id) => void known.add(id) }
}

async function move(
  all: CopiedAsset[],
  store: ChunkStore,
  to: CopyTarget,
  before: MovedAssets = movedBefore(),
) {
  await using folder = await temporaryFolder()
  const files: FileSource = {
    chunk: async (ref, { index }) =>
      Buffer.from(bytesFor(planOf(all.find(({ asset }) => asset.id === ref)!), index)),
    files: async () => [],
    file: () => Promise.reject(new Error('there is none')),
  }
  const moved: string[] = []
  const failed: [string, string][] = []
  await moveAll({
    ...{ source: files, from: sourceOf(all), to, store, signal: NEVER, moved: before },
    ...{ journals: createJournals(folder.path, 'memory'), budget: createBudget(8, 10_000) },
    events: {
      onProgress: () => {},
      onMoved: ({ id }) => moved.push(id),
      onFailed: ({ id }, reason) => failed.push([id, reason]),
    },
  })
  return { moved, failed }
}

describe('moving everything', () => {
  it('adds what is not there, with its new place and nobody at work on it', async () => {
    const all = [copied(1), copied(3), copied(2)]
    const { to, added } = targetWith([all[1]!.asset.id])
    const { moved } = await move(all, createMemoryPorts().store, to)
    const ids = [all[0]!, all[2]!].map(({ asset }) => asset.id)
    expect(moved.sort()).toEqual(ids.sort())
    expect(added.map(({ asset }) => asset.leasedUntil)).toEqual([0, 0])
    expect(added.every(({ asset }) => asset.objectEtag !== 'old')).toBe(true)
  })

  it('leaves out what came before and is there no more, and notes what is there', async () => {
    const all = [copied(1), copied(3), copied(2)]
    const [deleted, present, missing] = all.map(({ asset }) => asset.id)
    const { to } = targetWith([present!])
    const before = movedBefore(deleted!)
    const { moved } = await move(all, createMemoryPorts().store, to, before)
    expect(moved).toEqual([missing])
    expect([present!, missing!].map(before.has)).toEqual([true, true])
  })

  it('names an asset whose chunks are not all recorded, and goes on', async () => {
    const all = [copied(3), copied(1)]
    all[0] = { ...all[0]!, upload: undefined }
    const { to } = targetWith()
    const { moved, failed } = await move(all, createMemoryPorts().store, to)
    expect(failed).toEqual([[all[0].asset.id, 'the record of its upload is missing']])
    expect(moved).toEqual([all[1]!.asset.id])
  })

  it('stops within a large asset when the store fails for another', async () => {
    const all = [copied(500), copied(1)]
    const { store } = createMemoryPorts()
    const down = new PartwayError('service_unavailable', 'not now')
    let puts = 0
    const failing: ChunkStore = {
      ...store,
      put(upload, index, body) {
        if (upload.assetId === all[1]!.asset.id) throw down
        puts += 1
        return store.put(upload, index, body)
      },
    }
    const { to, added } = targetWith()
    await expect(move(all, failing, to)).rejects.toBe(down)
    expect(puts).toBeLessThan(100)
    expect(added).toEqual([])
  })
})

describe('the plan of a move', () => {
  it('counts what is there, what is not, and what is from elsewhere', async () => {
    const all = [copied(1), copied(3), copied(2, { objectRef: null })]
    const { to } = targetWith([all[1]!.asset.id, 'from elsewhere'])
    const moved = movedBefore(...all.slice(0, 2).map(({ asset }) => asset.id))
    expect(await planMove(sourceOf(all), to, moved)).toMatchObject({
      ...{ assets: 3, bytes: 40, presentAssets: 1, presentBytes: 30, otherAssets: 1 },
      ...{ deletedAssets: 1, deletedBytes: 10 },
    })
    expect(await planMove(sourceOf(all), undefined, movedBefore())).toMatchObject({
      ...{ assets: 3, presentAssets: 0, otherAssets: 0, deletedAssets: 0 },
    })
  })
})

describe('rows that are copied', () => {
  it('fail an asset whose upload stays behind, with all that was to be made of it', () => {
    const open = copied(1, { objectRef: null, hlsState: 'pending', thumbnailState: null })
    const { asset, upload } = withoutBytes(open, 'left behind')
    expect(upload).toBeUndefined()
    expect(asset).toMatchObject({ state: 'failed', reason: 'left behind', waiting: 0 })
    expect(asset).toMatchObject({ hlsState: 'error', thumbnailState: null })
  })

  it('leave an asset as it is that had failed before', () => {
    const failed = copied(1, { objectRef: null, state: 'failed', reason: 'too late' })
    expect(withoutBytes(failed, 'left behind').asset).toEqual(failed.asset)
  })

  it('keep everything else of an asset with bytes', () => {
    const one = copied(1)
    const moved = inStore(one, 'place', { ref: 'ref', etag: 'new' })
    expect(moved).toEqual({
      asset: { ...one.asset, objectRef: 'ref', objectEtag: 'new', leasedUntil: 0 },
      upload: { ...one.upload, storeRef: 'place' },
    })
  })
})
