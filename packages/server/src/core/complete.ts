import {
  type ChunkStore,
  ChunksLostError,
  type Clock,
  type Metadata,
  SealRefusedError,
} from './ports.ts'
import type { Chunk, SealedObject, Upload } from './types.ts'
import { endedError, notFound } from './upload-state.ts'

export interface CompleteDeps {
  metadata: Metadata
  store: ChunkStore
  clock: Clock
  /** Told when an asset is waiting to be processed; a hint, not a promise. */
  onCompleted: () => void
}

export type Completer = ReturnType<typeof createCompleter>

/**
 * Turns an upload whose chunks are all recorded into sealed bytes. Both steps can be repeated,
 * so whoever comes after a crash — the repeated report or the sweep — finishes the job.
 */
export function createCompleter({ metadata, store, clock, onCompleted }: CompleteDeps) {
  /** @throws PartwayError `parameter_invalid` when the upload was ended meanwhile, or cannot be sealed and so failed */
  async function complete(upload: Upload): Promise<void> {
    const chunks = await metadata.listChunks(upload.id, { from: 1, to: upload.totalChunks })
    if (chunks.length !== upload.totalChunks) {
      throw new Error(`upload ${upload.id} has ${chunks.length} of ${upload.totalChunks} chunks`)
    }
    const object = await seal(upload, chunks)
    if (object && (await metadata.completeUpload(upload.id, object, clock()))) return onCompleted()
    const current = await metadata.findUpload(upload.account, upload.id)
    if (!current) throw notFound(upload.id, 'multipart-uploads')
    if (current.state !== 'completed') throw endedError(current, clock())
  }

  /** `undefined`: it can never be sealed, and has failed. */
  async function seal(upload: Upload, chunks: Chunk[]): Promise<SealedObject | undefined> {
    try {
      return await store.seal(upload, chunks)
    } catch (error) {
      const reason = reasonOf(error, upload)
      if (reason === undefined) throw error
      await metadata.failUpload(upload.id, reason, clock())
      return undefined
    }
  }

  return { complete }
}

/** Why an upload can never be sealed; `undefined` where it may be at the next try. */
function reasonOf(error: unknown, upload: Upload): string | undefined {
  if (error instanceof ChunksLostError) return lostReason(error, upload)
  return error instanceof SealRefusedError ? error.message : undefined
}

const MOST_NAMED = 10

function lostReason({ indexes }: ChunksLostError, { totalChunks }: Upload): string {
  const [first, ...others] = indexes
  const remedy = 'start a new upload.'
  if (others.length === 0 && totalChunks > 1) {
    return `Chunk ${first} was overwritten after it was reported; ${remedy}`
  }
  if (indexes.length === totalChunks) return `The chunks are gone from the store; ${remedy}`
  const named = indexes.slice(0, MOST_NAMED).join(', ')
  const more = indexes.length > MOST_NAMED ? ` and ${indexes.length - MOST_NAMED} more` : ''
  return `Chunks ${named}${more} were overwritten after they were reported; ${remedy}`
}
