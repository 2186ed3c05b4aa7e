import { chunkSizeAt } from '@partway/protocol'
import type { ChunkSink, ChunkStore } from '../../src/core/ports.ts'
import type { Chunk, StoredChunk, Upload } from '../../src/core/types.ts'
import { sampleUpload, smallPlan, T0, upTo } from './samples.ts'

/** A store, and how the body of a chunk gets into it as a client would send it. */
export interface Store extends ChunkStore {
  writeChunk(upload: Upload, index: number, bytes: Uint8Array): Promise<StoredChunk>
}

export type SinkStore = Store & ChunkSink

/** A store whose bodies come through its own sink. */
export const throughSink = (store: ChunkStore & ChunkSink): SinkStore => ({
  ...store,
  writeChunk: (upload, index, bytes) => store.write(ticketFor(upload, index), inPieces(bytes)),
})

/** Bytes that differ from chunk to chunk and from variant to variant. */
export function bytesFor(upload: Upload, index: number, variant = 0): Uint8Array {
  const size = chunkSizeAt(upload, index)
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + index * 31 + variant * 101) % 251)
}

/** A body as a socket gives it: in pieces, each after a turn of the event loop. */
export async function* inPieces(bytes: Uint8Array, pieceSize = 300): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += pieceSize) {
    await new Promise((resolve) => setImmediate(resolve))
    // A copy: the sink owns what it is given.
    yield new Uint8Array(bytes.subarray(at, at + pieceSize))
  }
}

/** The first `length` bytes and then the end of the connection. */
export async function* brokenAfter(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  yield* inPieces(bytes.subarray(0, length))
  throw new Error('the connection broke')
}

/** A body that waits in its middle until it is told to go on. */
export function pausedBody(bytes: Uint8Array) {
  const half = Math.floor(bytes.byteLength / 2)
  const gate = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  async function* body() {
    yield bytes.subarray(0, half)
    started.resolve()
    await gate.promise
    yield bytes.subarray(half)
  }
  return { body: body(), started: started.promise, resume: () => gate.resolve() }
}

export const ticketFor = (upload: Upload, index: number) => ({
  ...{ uploadId: upload.storeRef, index, size: chunkSizeAt(upload, index) },
})

/** Sends one chunk as a client would. */
export const put = (
  store: Store,
  upload: Upload,
  index: number,
  bytes: Uint8Array = bytesFor(upload, index),
): Promise<StoredChunk> => store.writeChunk(upload, index, bytes)

/** Sends one chunk in whatever way a connection may bring it. */
export function sinkPut(
  store: SinkStore,
  upload: Upload,
  index: number,
  body: Uint8Array | AsyncIterable<Uint8Array> = bytesFor(upload, index),
): Promise<StoredChunk> {
  const pieces = body instanceof Uint8Array ? inPieces(body) : body
  return store.write(ticketFor(upload, index), pieces)
}

/** An upload that has its place in the store. */
export async function begun(store: Store, totalSize = 2500, chunkSize = 1000): Promise<Upload> {
  const upload = sampleUpload(smallPlan(totalSize, chunkSize))
  upload.storeRef = await store.begin(upload)
  return upload
}

export const chunkOf = (index: number, { etag, size }: StoredChunk): Chunk => ({
  ...{ index, etag, size, reportedAt: T0 },
})

/** Writes every chunk; returns them as they would be recorded. */
export function putAll(store: Store, upload: Upload, variant = 0): Promise<Chunk[]> {
  return Promise.all(
    upTo(upload.totalChunks).map(async (index) =>
      chunkOf(index, await put(store, upload, index, bytesFor(upload, index, variant))),
    ),
  )
}

/** The whole file. */
export const fileOf = (upload: Upload, variant = 0): Buffer =>
  Buffer.concat(upTo(upload.totalChunks).map((index) => bytesFor(upload, index, variant)))

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(Uint8Array.from(piece))
  return Buffer.concat(all)
}

export const readAll = (store: Store, ref: string, upload: Upload): Promise<Buffer> =>
  collect(store.open(ref, { start: 0, end: upload.totalSize - 1 }))

/** Which of the claims the store can prove, by index. */
export async function provenIn(store: Store, upload: Upload, chunks: Chunk[]): Promise<number[]> {
  return [...(await store.stat(upload, chunks)).keys()].sort((a, b) => a - b)
}
