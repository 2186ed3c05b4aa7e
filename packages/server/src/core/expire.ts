import type { Completer } from './complete.ts'
import type { ChunkStore, Clock, Metadata } from './ports.ts'
import { EXPIRED } from './upload-state.ts'

export interface SweepDeps {
  metadata: Metadata
  store: ChunkStore
  completer: Completer
  clock: Clock
  /** How long bytes outlive their upload or asset, so that nobody loses what is in flight. */
  graceMs: number
  /** How long failed and expired uploads stay readable. */
  retentionMs: number
  /** An upload untouched this long with every chunk recorded was left behind by a crash. */
  abandonedMs: number
  /** Told of a failure with one upload or asset; the sweep goes on with the others. */
  onError: (error: unknown, subject: string) => void
}

const BATCH = 100

export type Sweeper = ReturnType<typeof createSweeper>

/** Expiry, recovery and freeing. Safe on any number of servers at once: every step is a compare-and-set or can be repeated. */
export function createSweeper(deps: SweepDeps) {
  const { metadata, store, completer, clock, onError } = deps

  /** Finishes uploads whose chunks are all recorded; at start `abandonedMs` does not apply. */
  async function recover(olderThanMs: number): Promise<void> {
    for (const upload of await metadata.listUnsealed(clock() - olderThanMs, BATCH)) {
      await attempt(`complete upload ${upload.id}`, () => completer.complete(upload))
    }
  }

  /** One pass over all that time has overtaken, a bounded number of each. */
  async function sweep(): Promise<void> {
    const now = clock()
    await metadata.expireUploads(now, EXPIRED, BATCH)
    await recover(deps.abandonedMs)
    for (const upload of await metadata.listFreeable(now - deps.graceMs, BATCH)) {
      await attempt(`free upload ${upload.id}`, async () => {
        await store.abort(upload)
        await metadata.markFreed(upload.id)
      })
    }
    await metadata.purgeUploads(now - deps.retentionMs, BATCH)
    for (const asset of await metadata.listDeletedAssets(now - deps.graceMs, BATCH)) {
      await attempt(`free asset ${asset.id}`, async () => {
        if (asset.object) await store.remove(asset.object.ref)
        await metadata.purgeAsset(asset.id)
      })
    }
  }

  async function attempt(subject: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      onError(error, subject)
    }
  }

  return { recover, sweep }
}
