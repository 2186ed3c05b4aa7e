import { PartwayError } from '@partway/protocol'
import { type HeldLease, holdLease, LeaseLostError } from './lease.ts'
import {
  type AssetChanges,
  type AssetLease,
  type ChunkStore,
  type Clock,
  type EmitFile,
  type Every,
  type Media,
  MediaError,
  type Metadata,
} from './ports.ts'
import type { Asset } from './types.ts'
import { ASSET_FAILED, verdict } from './verdict.ts'

export interface ProcessDeps {
  metadata: Metadata
  store: ChunkStore
  media: Media
  clock: Clock
  every: Every
  /** Where tools on this machine can read an asset's content. */
  sourceUrl: (assetId: string) => string
  /** After this long without a sign of life another server may take the asset. */
  leaseMs: number
  /** Told of what may be over at the next try. */
  onError: (error: unknown, subject: string) => void
}

/** Tries that end with their process or in an error that is not the content's fault. */
const MAX_ATTEMPTS = 5
const RETRY_MS = 10_000
/** A full disk is not free again so soon, and every try makes a stream from its beginning. */
const STORE_RETRY_MS = 60_000

const RENDITIONS = ['thumbnail', 'hls'] as const

/**
 * The background step that makes assets `ready`, and then what was asked to be made of them. The
 * table is the queue: whoever claims an asset has it until the lease runs out, and every step can
 * be repeated.
 */
export function createProcessor(deps: ProcessDeps) {
  const { metadata, store, media, clock, every, leaseMs, onError } = deps

  /** Processes one asset; `false` when none is waiting. */
  async function processNext(stop: AbortSignal): Promise<boolean> {
    const lease = await metadata.claimAsset(clock(), leaseMs)
    if (!lease) return false
    const { asset, until, attempt } = lease
    const held = holdLease({
      ...{ until, leaseMs, clock, every, stop },
      renew: (current, next) => metadata.renewAsset(asset.id, current, next),
    })
    try {
      await work(lease, held)
      await held.use((current) => metadata.releaseAsset(asset.id, current, 'done'))
    } catch (error) {
      if (error instanceof LeaseLostError) return true
      const cause = await causeOf(error, asset)
      if (!held.signal.aborted) onError(cause, `process asset ${asset.id}`)
      await held.use((current) => putOff(asset.id, current, attempt, cause, stop))
    } finally {
      await held.end()
    }
    return true
  }

  /** A tool that fails cannot say that it was the store's fault; the store can. */
  async function causeOf(error: unknown, { object }: Asset): Promise<unknown> {
    if (error instanceof PartwayError || !object) return error
    return store.size(object.ref).then(
      () => error,
      (trouble) => trouble,
    )
  }

  /** A stop and a store that cannot answer say nothing of the asset; whatever else counts. */
  async function putOff(
    id: string,
    held: number,
    attempt: number,
    error: unknown,
    stop: AbortSignal,
  ): Promise<void> {
    if (stop.aborted) await metadata.releaseAsset(id, held, { at: clock() })
    else if (error instanceof PartwayError) {
      await metadata.releaseAsset(id, held, { at: clock() + STORE_RETRY_MS })
    } else await metadata.renewAsset(id, held, clock() + RETRY_MS * 2 ** attempt)
  }

  async function work({ asset: claimed, attempt }: AssetLease, held: HeldLease): Promise<void> {
    let asset = claimed
    async function change(changes: AssetChanges): Promise<void> {
      if (
        !(await held.use((current) => metadata.changeAsset(asset.id, current, changes, clock())))
      ) {
        throw new LeaseLostError('the lease was lost')
      }
      asset = { ...asset, ...changes }
    }

    if (attempt > MAX_ATTEMPTS) return change(givenUp(asset))
    if (asset.state === 'processing') await change(await inspect(asset, held.signal))
    for (const kind of RENDITIONS) {
      const state = asset[kind]?.state
      if (state !== 'pending' && state !== 'processing') continue
      await change({ [kind]: { state: 'processing', reason: undefined } })
      await change({ [kind]: await render(kind, asset, held) })
    }
  }

  async function inspect(asset: Asset, signal: AbortSignal): Promise<AssetChanges> {
    const { object, size } = asset
    if (!object) return failed(asset, 'The file has no content.')
    const stored = await store.size(object.ref)
    if (stored !== size) return failed(asset, `The file has ${stored} bytes instead of ${size}.`)
    try {
      const found = await media.inspect(sourceOf(asset), asset.filename, signal)
      signal.throwIfAborted()
      const changes = verdict(asset, found)
      return changes.state === 'failed'
        ? { ...changes, ...failed(asset, changes.reason ?? '') }
        : changes
    } catch (error) {
      if (error instanceof MediaError) return failed(asset, error.message)
      throw error
    }
  }

  async function render(kind: (typeof RENDITIONS)[number], asset: Asset, held: HeldLease) {
    const { signal } = held
    const { ref } = asset.object!
    const emitted = new Set<string>()
    const emit: EmitFile = (name, body) => {
      emitted.add(name)
      return store.putFile(ref, name, body)
    }
    try {
      await media[kind](sourceOf(asset), asset.technicalMetadata ?? {}, emit, signal)
      signal.throwIfAborted()
      return { state: 'ready', reason: undefined } as const
    } catch (error) {
      // Half a stream is of no use to anybody, least of all on a disk that is full. But whoever has
      // taken the asset over makes files of the same names.
      const isOurs = await held
        .use((current) => metadata.renewAsset(asset.id, current, current))
        .catch(() => false)
      for (const name of isOurs ? emitted : []) await store.dropFile(ref, name).catch(() => {})
      if (error instanceof MediaError) return { state: 'error', reason: error.message } as const
      throw error
    }
  }

  const sourceOf = ({ id, size }: Asset) => ({ size, url: deps.sourceUrl(id) })

  return { processNext }
}

/** Of what failed nothing is made. */
function failed(asset: Asset, reason: string): AssetChanges {
  const none = { state: 'error', reason: ASSET_FAILED } as const
  return {
    ...{ state: 'failed', reason },
    ...(asset.hls ? { hls: none } : {}),
    ...(asset.thumbnail ? { thumbnail: none } : {}),
  }
}

function givenUp(asset: Asset): AssetChanges {
  const reason = `Processing was tried ${MAX_ATTEMPTS} times and never came to an end.`
  if (asset.state === 'processing') return failed(asset, reason)
  const open = RENDITIONS.filter((kind) => /^(pending|processing)$/.test(asset[kind]?.state ?? ''))
  return Object.fromEntries(open.map((kind) => [kind, { state: 'error', reason }]))
}
