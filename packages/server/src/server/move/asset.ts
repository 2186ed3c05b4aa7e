import { createHash, hash } from 'node:crypto'
import { PartwayError } from '@partway/protocol'
import { DamagedError, type FileSource } from '../../adapters/fs/source.ts'
import { type ChunkStore, ChunksLostError } from '../../core/ports.ts'
import type { Chunk, SealedObject, Upload } from '../../core/types.ts'
import { digestOf, hasBytes } from './compare.ts'
import type { AssetJournal, Journals, SentChunk } from './journal.ts'
import { type Budget, inParallel } from './parallel.ts'

/** Bytes that arrived in the target as others than were sent. */
export class DifferentBytesError extends Error {
  override readonly name = 'DifferentBytesError'
}

export interface AssetMover {
  source: FileSource
  store: ChunkStore
  journals: Journals
  budget: Budget
  signal: AbortSignal
  /** Told of bytes of chunks that are in the target, and of those that have to be sent again after all. */
  onBytes: (count: number) => void
}

export interface MovedBytes {
  storeRef: string
  object: SealedObject
  /** With the ETags of the target. */
  chunks: Chunk[]
}

const CHUNKS_AT_ONCE = 8
const FILES_AT_ONCE = 4
/** What sending one of the files made from an asset takes of the memory. */
const FILE_BUFFER = 5 * 1024 * 1024

/**
 * Brings the bytes of one asset, and the files made from it, into the target, and compares them there.
 * Goes on where a run before was killed.
 *
 * @param from the reference of its object in the source
 * @param upload as the source has it; its `storeRef` does not count
 * @param chunks with their SHA-256 as ETag, in order
 * @throws DamagedError when the source has not the bytes it had; nothing is left in the target
 * @throws DifferentBytesError when the target has not the bytes that were sent; nothing is left there
 */
export async function moveBytes(
  mover: AssetMover,
  from: string,
  upload: Upload,
  chunks: Chunk[],
): Promise<MovedBytes> {
  const journal = await mover.journals.open(upload.assetId)
  try {
    const object = await sendAndSeal(mover, journal, from, upload, chunks)
    const md5s = chunks.map(({ index }) => journal.sent.get(index)!.md5)
    if (!(await hasBytes(mover.store, object, upload, { chunks, md5s }))) {
      throw new DifferentBytesError('the target has other bytes than were sent')
    }
    await moveFiles(mover, journal, from, object.ref)
    const moved = chunks.map((chunk) => ({ ...chunk, etag: journal.sent.get(chunk.index)!.etag }))
    return { storeRef: journal.storeRef!, object, chunks: moved }
  } catch (error) {
    if (error instanceof DamagedError || error instanceof DifferentBytesError) {
      await mover.store.abort({ ...upload, storeRef: journal.storeRef ?? '' })
      await journal.forget()
    }
    throw error
  }
}

/** Once more from the beginning, where what is noted is in the target no more. */
async function sendAndSeal(
  mover: AssetMover,
  journal: AssetJournal,
  from: string,
  upload: Upload,
  chunks: Chunk[],
): Promise<SealedObject> {
  const resumed = journal.storeRef !== undefined
  try {
    return await send(mover, journal, from, upload, chunks)
  } catch (error) {
    if (!resumed || !isGone(error)) throw error
    await journal.forget()
    return send(mover, journal, from, upload, chunks)
  }
}

const isGone = (error: unknown): boolean =>
  error instanceof ChunksLostError ||
  (error instanceof PartwayError && error.code === 'NoSuchUpload')

async function send(
  mover: AssetMover,
  journal: AssetJournal,
  from: string,
  upload: Upload,
  chunks: Chunk[],
): Promise<SealedObject> {
  const { store, signal, onBytes } = mover
  if (journal.storeRef === undefined) {
    await journal.begin(await store.begin({ ...upload, storeRef: '' }))
  }
  const place = { ...upload, storeRef: journal.storeRef! }
  let counted = 0
  const count = (size: number) => {
    counted += size
    onBytes(size)
  }
  try {
    // With all of them noted it may be sealed already, and then there are no parts to ask for.
    if (journal.sent.size < chunks.length) await dropLost(store, place, journal)
    for (const { size } of journal.sent.values()) count(size)
    const left = chunks.filter(({ index }) => !journal.sent.has(index))
    await inParallel(left, CHUNKS_AT_ONCE, signal, async (chunk) => {
      await mover.budget(chunk.size, async () => {
        signal.throwIfAborted()
        await journal.addChunk(await sendChunk(mover, from, place, chunk))
      })
      count(chunk.size)
    })
    const sent = chunks.map((chunk) => ({ ...chunk, etag: journal.sent.get(chunk.index)!.etag }))
    return await store.seal(place, sent)
  } catch (error) {
    onBytes(-counted)
    throw error
  }
}

/** Forgets chunks that the target does not have any more. */
async function dropLost(store: ChunkStore, place: Upload, { sent }: AssetJournal): Promise<void> {
  if (sent.size === 0) return
  const there = await store.stat(place, [...sent.values()])
  for (const index of sent.keys()) if (!there.has(index)) sent.delete(index)
}

/** The store compares what arrives with its MD5, and so refuses what was damaged on its way. */
async function sendChunk(
  { source, store }: AssetMover,
  from: string,
  place: Upload,
  chunk: Chunk,
): Promise<SentChunk> {
  const bytes = await source.chunk(from, chunk)
  const { index } = chunk
  const { etag, size } = await store.put(place, index, once(bytes))
  return { index, etag, md5: hash('md5', bytes, 'hex'), size }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Thumbnail, playlists and segments. No digest of them is known, so all of each is compared. */
async function moveFiles(
  { source, store, budget, signal }: AssetMover,
  journal: AssetJournal,
  from: string,
  ref: string,
): Promise<void> {
  const names = (await source.files(from)).filter((name) => !journal.files.has(name))
  await inParallel(names, FILES_AT_ONCE, signal, (name) =>
    budget(FILE_BUFFER, async () => {
      const { size, open } = await source.file(from, name)
      const sum = createHash('sha256')
      async function* hashed() {
        for await (const piece of open({ start: 0, end: size - 1 })) {
          sum.update(piece)
          yield piece
        }
      }
      await store.putFile(ref, name, hashed())
      const there = await store.findFile(ref, name)
      if (
        !there ||
        (await digestOf(there.open({ start: 0, end: size - 1 }))) !== sum.digest('hex')
      ) {
        throw new DifferentBytesError(`the target has other bytes of ${name} than were sent`)
      }
      await journal.addFile(name)
    }),
  )
}
