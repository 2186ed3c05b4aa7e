import { PartwayError } from '@partway/protocol'
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

/** Says of an item that its turn has not come. */
const LEFT = Symbol()

export type Sweeper = ReturnType<typeof createSweeper>

/**
 * Expiry, recovery and freeing. Safe on any number of servers at once: every step is a compare-and-set
 * or can be repeated. A stop ends it after the step that is under way; the rest is the next pass's.
 */
export function createSweeper(deps: SweepDeps) {
  const { metadata, store, completer, clock, onError } = deps

  /** Finishes uploads whose chunks are all recorded and that nobody touched for so long. */
  async function recover(untouchedMs: number, stop?: AbortSignal): Promise<void> {
    const now = clock()
    await forEach(
      stop,
      (skip) => metadata.listUnsealed(now - untouchedMs, BATCH, skip),
      ({ id }) => `complete upload ${id}`,
      async (upload) => {
        if (upload.method !== 'direct') return completer.complete(upload)
        // Its form is being answered just now, or never was with anything but an error: then it is
        // sent again, and must not become a second asset.
        if (upload.updatedAt > now - deps.abandonedMs) return LEFT
        const { account, assetId } = upload
        return metadata.deleteAsset(account, assetId, 'The request failed.', now)
      },
    )
  }

  /** One pass over all that time has overtaken. */
  async function sweep(stop?: AbortSignal): Promise<void> {
    const now = clock()
    await whileFull(stop, async () => (await metadata.expireUploads(now, EXPIRED, BATCH)).length)
    await recover(deps.abandonedMs, stop)
    await forEach(
      stop,
      (skip) => metadata.listFreeable(now - deps.graceMs, BATCH, skip),
      ({ id }) => `free upload ${id}`,
      async (upload) => {
        await store.abort(upload)
        await metadata.markFreed(upload.id)
      },
    )
    await whileFull(stop, () => metadata.purgeUploads(now - deps.retentionMs, BATCH))
    await forEach(
      stop,
      (skip) => metadata.listDeletedAssets(now - deps.graceMs, BATCH, skip),
      ({ id }) => `free asset ${id}`,
      async (asset) => {
        if (asset.object) await store.remove(asset.object.ref)
        await metadata.purgeAsset(asset.id)
      },
    )
  }

  /**
   * Works through a list that gets shorter by every success. What fails or is {@link LEFT} stays in
   * front of it and is skipped, so that it never keeps the others from their turn; but when the store is away they
   * would fail as it did, and where it hangs, each after a long wait: they are left to the next pass.
   */
  async function forEach<T>(
    stop: AbortSignal | undefined,
    list: (skip: number) => Promise<T[]>,
    describe: (item: T) => string,
    work: (item: T) => Promise<unknown>,
  ): Promise<void> {
    let stayed = 0
    while (!stop?.aborted) {
      const items = await list(stayed)
      for (const item of items) {
        if (stop?.aborted) return
        try {
          if ((await work(item)) === LEFT) stayed++
        } catch (error) {
          onError(error, describe(item))
          if (isUnavailable(error) && !(await answers())) return
          stayed++
        }
      }
      if (items.length < BATCH) return
    }
  }

  const answers = () =>
    store.ping().then(
      () => true,
      () => false,
    )

  return { recover, sweep }
}

/** One batch after the other, as long as they are full. */
async function whileFull(stop: AbortSignal | undefined, next: () => Promise<number>) {
  while (!stop?.aborted && (await next()) === BATCH);
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof PartwayError && error.code === 'service_unavailable'
