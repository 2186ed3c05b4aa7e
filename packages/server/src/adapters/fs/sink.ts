import { createHash, type Hash, randomBytes } from 'node:crypto'
import {
  chmod,
  type FileHandle,
  open,
  readdir,
  readlink,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { join } from 'node:path'
import type { ChunkSink, ChunkStore } from '../../core/ports.ts'
import type { StoredChunk } from '../../core/types.ts'
import {
  MAX_BODIES,
  noSuchUpload,
  settledChunk,
  tooManyBodies,
  wrongDigest,
  wrongLength,
} from '../chunk-errors.ts'
import type { ChunkUrls } from '../chunk-urls.ts'
import { syncFolder, writeAll } from './durable.ts'
import { errnoOf, guarded } from './errors.ts'
import { bodyName, indexOfBody, type Layout } from './layout.ts'

/**
 * How many bytes of the socket's small pieces are gathered before they are written. A quarter of a
 * MiB costs few system calls, and two of them (one filling, one being written) for each of 64 PUTs
 * stay within 32 MiB.
 */
const GATHER = 256 * 1024

/** A body that was reported: the file is read-only from then on. */
const SETTLED_MODE = 0o400
const WRITE_BITS = 0o222

/** Where a body belongs and how many bytes it may have. */
interface Place {
  uploadId: string
  index: number
  least: number
  most: number
  /** What the sender says the digest is. */
  sha256?: string | undefined
}

/** Receives chunk bodies into the folder of their upload. */
export function createFileSink(
  layout: Layout,
  urls: ChunkUrls,
): ChunkSink & Pick<ChunkStore, 'put'> {
  async function write(place: Place, body: AsyncIterable<Uint8Array>): Promise<StoredChunk> {
    const { uploadId, index } = place
    const folder = layout.upload(uploadId)
    const temporary = join(folder, `${index}.${randomBytes(8).toString('hex')}.tmp`)
    let file: FileHandle
    try {
      file = await open(temporary, 'wx', 0o600)
    } catch (error) {
      throw await missing(error, uploadId)
    }
    try {
      const stored = await receive(place, body, file)
      if ((place.sha256 ?? stored.etag) !== stored.etag) throw wrongDigest(index)
      await commit(folder, temporary, file, index, stored.etag)
      return stored
    } catch (error) {
      await unlink(temporary).catch(() => unlinkMoved(file))
      throw await missing(error, uploadId)
    } finally {
      await file.close()
    }
  }

  /** The rename is the commit: before it there is nothing, after it a complete, durable body. */
  async function commit(
    folder: string,
    temporary: string,
    file: FileHandle,
    index: number,
    etag: string,
  ): Promise<void> {
    const name = bodyName(index, etag)
    const bodies = (await readdir(folder)).filter((other) => indexOfBody(other) === index)
    for (const other of bodies) {
      if (other !== name && (await isSettled(join(folder, other)))) throw settledChunk(index)
    }
    if (bodies.includes(name)) {
      await unlink(temporary)
    } else {
      if (bodies.length >= MAX_BODIES) throw tooManyBodies(index)
      await file.datasync()
      await rename(temporary, join(folder, name))
    }
    // Also when the body was there before: whoever renamed it may not have come this far yet.
    await syncFolder(folder)
  }

  /** A folder that is gone means an upload that is over, unless the whole store is gone. */
  async function missing(error: unknown, uploadId: string): Promise<unknown> {
    if (errnoOf(error) !== 'ENOENT') return error
    const storeIsThere = await stat(layout.uploads).then(
      () => true,
      () => false,
    )
    return storeIsThere ? noSuchUpload(uploadId) : error
  }

  return {
    verify: urls.verify,
    write: ({ size, ...place }, body, sha256) =>
      guarded(() => write({ ...place, least: size, most: size, sha256 }, body)),
    put: ({ storeRef, chunkSize }, index, body) =>
      guarded(() => write({ uploadId: storeRef, index, least: 1, most: chunkSize }, body)),
    async settle(upload, chunks) {
      const folder = layout.upload(upload.storeRef)
      for (const { index, etag } of chunks) {
        // A mark that cannot be set costs nothing but the refusal: the proof selects the body.
        await chmod(join(folder, bodyName(index, etag)), SETTLED_MODE).catch(() => {})
      }
    },
  }
}

async function isSettled(path: string): Promise<boolean> {
  const { mode } = await stat(path)
  return (mode & WRITE_BITS) === 0
}

/**
 * Removes a file whose folder was sealed in the very moment it was made, and which is where nobody
 * looks any more. Where the system does not tell its path, it goes with the asset.
 */
async function unlinkMoved({ fd }: FileHandle): Promise<void> {
  const path = await readlink(`/proc/self/fd/${fd}`).catch(() => '')
  if (path.endsWith('.tmp')) await unlink(path).catch(() => {})
}

/** Streams a body into `file`, and through SHA-256. */
async function receive(
  { index, least, most }: Place,
  body: AsyncIterable<Uint8Array>,
  file: FileHandle,
): Promise<StoredChunk> {
  const hash: Hash = createHash('sha256')
  let received = 0
  let gathered = 0
  let pieces: Uint8Array[] = []
  let writing = Promise.resolve()

  const flush = async () => {
    await writing
    const full = pieces
    writing = writeAll(file, full).then(() => full.forEach(release))
    // Awaited at the next flush; until then a failure must not count as unhandled.
    writing.catch(() => {})
    pieces = []
    gathered = 0
  }

  for await (const piece of body) {
    received += piece.byteLength
    if (received > most) throw wrongLength(index, most, received)
    hash.update(piece)
    pieces.push(piece)
    gathered += piece.byteLength
    if (gathered >= GATHER) await flush()
  }
  if (received < least) throw wrongLength(index, least, received)
  await flush()
  await writing
  return { etag: hash.digest('hex'), size: received }
}

/**
 * Gives the memory of a piece back at once. Node makes a buffer of 64 KiB for every piece; left to
 * the garbage collector, they make it run all the time, at a third of the CPU time of a PUT.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
