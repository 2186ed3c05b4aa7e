import type { ChunkStore, Clock, Media, Metadata, ProcessingResult } from './ports.ts'
import type { Asset } from './types.ts'

export interface ProcessDeps {
  metadata: Metadata
  store: ChunkStore
  media: Media
  clock: Clock
  /** After this long without a result another server may take the asset. */
  leaseMs: number
}

/**
 * The background step that makes assets `ready`. The table is the queue: whoever claims an asset
 * has it until the lease runs out, and every step can be repeated.
 */
export function createProcessor({ metadata, store, media, clock, leaseMs }: ProcessDeps) {
  /** Processes one asset; `false` when none is waiting. */
  async function processNext(): Promise<boolean> {
    const asset = await metadata.claimAsset(clock(), leaseMs)
    if (!asset) return false
    await metadata.finishAsset(asset.id, await inspect(asset))
    return true
  }

  async function inspect({ object, size, type }: Asset): Promise<ProcessingResult> {
    const failed = (reason: string, mimeType?: string): ProcessingResult => ({
      ...{ state: 'failed', reason, mimeType },
    })
    if (!object) return failed('The file has no content.')
    const stored = await store.size(object.ref)
    if (stored !== size) return failed(`The file has ${stored} bytes instead of ${size}.`)
    const mimeType = await detect(object.ref, size)
    if (!mimeType) return failed(`The content is not recognised as ${type}.`)
    if (!holds(mimeType, type)) return failed(`The content is ${mimeType}, not ${type}.`, mimeType)
    return { state: 'ready', mimeType }
  }

  /** A reader of media that fails has met no media; a store that fails is tried again later. */
  async function detect(ref: string, size: number): Promise<string | undefined> {
    let storeError: unknown
    async function* read(start: number, end: number) {
      try {
        yield* store.open(ref, { start, end })
      } catch (error) {
        storeError = error
        throw error
      }
    }
    try {
      return await media.detect(read, size)
    } catch {
      if (storeError !== undefined) throw storeError
      return undefined
    }
  }

  return { processNext }
}

/** Containers that hold video, sound or both: only reading the streams could tell which. */
const CONTAINERS =
  /^(video\/(mp4|webm|quicktime|matroska|x-matroska|mp2t|ogg|x-ms-asf|mpeg)|audio\/(ogg|x-m4a|mp4)|application\/(ogg|mxf|vnd\.ms-asf))\b/

function holds(mimeType: string, type: Asset['type']): boolean {
  if (mimeType.startsWith(`${type}/`)) return true
  return type !== 'image' && CONTAINERS.test(mimeType)
}
