import { type AssetType, type ChunkPlan, PartwayError, planChunks } from '@partway/protocol'
import { cut } from './bytes.ts'
import {
  type ChunkStore,
  type Clock,
  type Metadata,
  type NewId,
  OutcomeUnknownError,
} from './ports.ts'
import type { Asset, Claim, Upload } from './types.ts'

export interface IngestDeps {
  metadata: Metadata
  store: ChunkStore
  clock: Clock
  newId: NewId
  /** Largest file of each type, in bytes. */
  maxSize: Record<AssetType, number>
  /** How long bringing a file in may take. */
  ttlMs: number
}

/** Enough of a file to tell what it is, in bytes. */
export const HEAD_SIZE = 64 * 1024

export type Ingest = ReturnType<typeof createIngest>

/**
 * Uploads whose chunks we bring ourselves. Their length may be unknown until their last byte;
 * until then their plan is an upper bound that no file reaches, so that nothing takes them for
 * complete.
 */
export function createIngest({ metadata, store, clock, newId, maxSize, ttlMs }: IngestDeps) {
  const largest = Math.max(...Object.values(maxSize))

  /** Most bytes for a file of this type, or of whatever type as long as that is not known. */
  const limitFor = (type: AssetType | undefined): number => (type ? maxSize[type] : largest)

  const openPlan = (): ChunkPlan => {
    const { chunkSize } = planChunks(largest)
    const totalSize = largest + 1
    return { totalSize, chunkSize, totalChunks: Math.ceil(totalSize / chunkSize) }
  }

  /** Makes a place for a file that comes; with a URL, for one that is to be fetched. */
  async function begin(
    of: Pick<Upload, 'account' | 'method' | 'filename' | 'type'>,
    assetOf: (upload: Upload) => Asset | undefined,
    url?: string,
  ): Promise<Upload> {
    const now = clock()
    const upload: Upload = {
      ...openPlan(),
      ...of,
      ...{ id: newId(), assetId: newId(), storeRef: '', state: 'active', reason: undefined },
      ...{ createdAt: now, updatedAt: now, expiresAt: now + ttlMs },
    }
    upload.storeRef = await store.begin(upload)
    upload.updatedAt = clock()
    try {
      await metadata.createIngest(upload, assetOf(upload), url)
    } catch (error) {
      await store.abort(upload).catch(() => {})
      throw error
    }
    return upload
  }

  /**
   * Takes an asset back of which its client is told that it failed: whoever sends it again must not
   * find it twice. Returns what to tell.
   */
  async function withdraw({ account, id }: Asset, error: unknown): Promise<unknown> {
    const gone = await metadata
      .deleteAsset(account, id, 'The request failed.', clock())
      .catch(() => false)
    if (gone || !(error instanceof OutcomeUnknownError)) return error
    return new PartwayError(
      'service_unavailable',
      `The database broke off without an answer. Asset ${id} may have been made all the same: repeat the request unless it becomes ready.`,
      { cause: error, retryAfter: 1 },
    )
  }

  const recordNow: RecordChunk = async (uploadId, claim) =>
    (await metadata.recordChunks(uploadId, [claim], clock())).active

  /** Stores and records one chunk. */
  async function putChunk(
    upload: Upload,
    index: number,
    body: AsyncIterable<Uint8Array>,
    { expected, record = recordNow }: PutOptions = {},
  ): Promise<number> {
    const stored = await store.put(upload, index, body)
    if (expected !== undefined && stored.size !== expected) {
      throw new Error(`chunk ${index} has ${stored.size} bytes instead of ${expected}`)
    }
    if (!(await record(upload.id, { index, ...stored })))
      throw new IngestEndedError('the upload is over')
    return stored.size
  }

  /** Stores a body of any length, chunk after chunk; returns how many bytes it had. */
  async function putAll(
    upload: Upload,
    body: AsyncIterable<Uint8Array>,
    check: (size: number) => void,
    options?: PutOptions,
  ): Promise<number> {
    let size = 0
    let index = 0
    const counted = count(body, check)
    for await (const piece of cut(counted, upload.chunkSize)) {
      size += await putChunk(upload, ++index, piece, options)
    }
    return size
  }

  /** The plan of an upload whose length is now known; its chunks keep their size. */
  function planFor({ chunkSize }: Upload, totalSize: number): ChunkPlan {
    return { totalSize, chunkSize, totalChunks: Math.ceil(totalSize / chunkSize) }
  }

  /** Ends an upload and frees what it stored. What cannot or must not be freed now is left to the sweep. */
  async function discard(upload: Upload, reason: string): Promise<void> {
    const failed = await metadata.failUpload(upload.id, reason, clock()).catch(() => false)
    if (failed) await free(upload)
  }

  /** Frees what an upload that is over stored. */
  async function free(upload: Upload): Promise<void> {
    try {
      // Its place may be another one since: see `restart`.
      const current = await metadata.findUpload(upload.account, upload.id)
      // The store may still be making an object of all its chunks, which nobody would free after this.
      if (current && current.chunksCompleted === current.totalChunks) return
      await store.abort(current ?? upload)
      await metadata.markFreed(upload.id)
    } catch {
      // The sweep finds it among those that are not freed.
    }
  }

  /** Back to the beginning, with an empty place: nothing of what came before is wanted. */
  async function restart(upload: Upload, held: number): Promise<Upload> {
    const plan = openPlan()
    // The store asks to record before it drops: what is recorded without bytes could never be sealed.
    const storeRef = await store.empty(upload, (ref) =>
      metadata.restartIngest(upload.id, { ...plan, storeRef: ref }, held, clock()),
    )
    if (storeRef === undefined) {
      throw new IngestEndedError('the upload is over, or somebody else fetches it')
    }
    return { ...upload, ...plan, storeRef }
  }

  return { limitFor, begin, withdraw, putChunk, putAll, planFor, restart, discard }
}

/** Records a proven chunk; `false` when it is not wanted any more. */
export type RecordChunk = (uploadId: string, claim: Claim) => Promise<boolean>

export interface PutOptions {
  /** Bytes, where they are known before. */
  expected?: number
  record?: RecordChunk
}

/** The upload was ended by somebody else, such as whoever deleted its asset. */
export class IngestEndedError extends Error {
  override readonly name = 'IngestEndedError'
}

export function tooLarge(parameter: string, type: AssetType | undefined, limit: number) {
  const kind = type ? `type ${type}` : 'any type'
  return new PartwayError(
    type === 'video' ? 'video_filesize_too_large' : 'parameter_invalid',
    `The \`${parameter}\` parameter is invalid. The most for ${kind} is ${limit} bytes; received more.`,
  )
}

async function* count(body: AsyncIterable<Uint8Array>, check: (size: number) => void) {
  let size = 0
  for await (const piece of body) {
    size += piece.byteLength
    check(size)
    yield piece
  }
}
