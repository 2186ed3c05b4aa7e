import type { ChunkStore, Clock, Metadata } from './ports.ts'
import type { Upload } from './types.ts'
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
  /** @throws PartwayError `parameter_invalid` when the upload was ended meanwhile */
  async function complete(upload: Upload): Promise<void> {
    const chunks = await metadata.listChunks(upload.id, { from: 1, to: upload.totalChunks })
    if (chunks.length !== upload.totalChunks) {
      throw new Error(`upload ${upload.id} has ${chunks.length} of ${upload.totalChunks} chunks`)
    }
    const object = await store.seal(upload, chunks)
    if (await metadata.completeUpload(upload.id, object, clock())) return onCompleted()
    const current = await metadata.findUpload(upload.account, upload.id)
    if (!current) throw notFound(upload.id, 'multipart-uploads')
    if (current.state !== 'completed') throw endedError(current, clock())
  }

  return { complete }
}
