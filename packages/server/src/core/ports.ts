import type { Chunk, Claim, SealedObject, StoredChunk, Upload } from './types.ts'

export { type EmitFile, type Inspection, type Media, MediaError } from './media-port.ts'
export * from './metadata-port.ts'
export { SourceError, type Web, type WebResponse } from './web-port.ts'

// The ports: all that the core asks of the world. An adapter is a function that returns one of
// these objects. What each sentence here promises is tested by the contract suites in
// `test/contract`, which every adapter runs; read `adapters/memory` first.

/**
 * Where bytes are kept: chunks while they arrive, one object when they are sealed.
 *
 * @throws PartwayError `storage_full` or `service_unavailable` when the store cannot work right
 * now; the call can be repeated.
 */
export interface ChunkStore {
  /** Scheme, host and port of the URLs it presigns. Absent where they lead back to us. */
  origin?: string
  /** Makes a place for an upload; returns its `storeRef`. */
  begin(upload: Upload): Promise<string>
  /**
   * One URL per index, in order; a PUT of exactly that chunk's size is accepted until the time
   * returned, which is the one asked for or sooner.
   */
  presign(upload: Upload, indexes: number[], request: PresignContext): Promise<PresignedUrls>
  /** For each claim, the complete body that bears its ETag, if there is one. */
  stat(upload: Upload, claims: Claim[]): Promise<Map<number, StoredChunk>>
  /**
   * Makes the proven chunks the bytes of the asset and drops every other body. Idempotent: after
   * a crash at any point, repeating it finishes the job or finds it done.
   *
   * @throws ChunksLostError where proven bytes are gone for good; nothing was sealed
   * @throws SealRefusedError where the store has all bytes and will never make this object of them
   */
  seal(upload: Upload, chunks: Chunk[]): Promise<SealedObject>
  /** Bytes `start` to `end` (inclusive) of a sealed object. @throws PartwayError `service_unavailable` when it is not there */
  open(ref: string, range: { start: number; end: number }): AsyncIterable<Uint8Array>
  /**
   * A URL at which readers get the bytes of a sealed object, or of the file `name` kept with it,
   * straight from the store. Absent where there are no such URLs.
   */
  presignRead?(ref: string, name: string | undefined, request: ReadContext): Promise<string>
  /** How many bytes a sealed object really has. @throws PartwayError `service_unavailable` when it is not there */
  size(ref: string): Promise<number>
  /**
   * Gives an upload that is not sealed an empty place, drops what it had, and returns its
   * `storeRef` from then on; touches nothing that is sealed. `record` is told the reference before
   * anything is dropped. If it resolves to `false`, nothing is dropped and the answer is `undefined`.
   */
  empty(upload: Upload, record: (storeRef: string) => Promise<boolean>): Promise<string | undefined>
  /**
   * Stores one chunk that we bring ourselves, of at most the plan's chunk size. Like a chunk PUT:
   * durable when it resolves, and never in the way of another body.
   */
  put(upload: Upload, index: number, body: AsyncIterable<Uint8Array>): Promise<StoredChunk>
  /**
   * Keeps a file that was made from a sealed object with it; replaces an older one of that name.
   *
   * @param name one of ours, see `isFileName`
   */
  putFile(ref: string, name: string, body: AsyncIterable<Uint8Array>): Promise<void>
  /** Frees one such file. Idempotent. */
  dropFile(ref: string, name: string): Promise<void>
  /** A file that was kept with a sealed object. */
  findFile(ref: string, name: string): Promise<StoredFile | undefined>
  /** Frees everything an upload ever stored, sealed or not. Idempotent. */
  abort(upload: Upload): Promise<void>
  /** Frees a sealed object and the files kept with it. Idempotent. */
  remove(ref: string): Promise<void>
  /** Resolves when the store is there; whether it takes bytes, only writing shows. */
  ping(): Promise<void>
}

export interface StoredFile {
  size: number
  /** Where readers get it from the store: the one they see there, without quotes. */
  etag?: string
  /** Bytes `start` to `end` (inclusive). */
  open(range: { start: number; end: number }): AsyncIterable<Uint8Array>
}

export interface PresignContext {
  /** The origin clients reach us at, such as `https://media.example.com`; used by stores whose URLs point back at us. */
  origin: string
  expiresAt: number
}

export interface PresignedUrls {
  urls: string[]
  /** When they stop working: whole seconds. */
  expiresAt: number
}

/** What a reader is to be told of the bytes, and for how long the URL may work. */
export interface ReadContext {
  expiresAt: number
  contentType: string
  /** Of the `Content-Disposition` header. */
  disposition: string | undefined
}

/**
 * Reported chunks whose bytes the store does not have any more, on stores whose PUTs do not pass
 * through us: nothing can bring them back.
 */
export class ChunksLostError extends Error {
  override readonly name = 'ChunksLostError'
  /** In ascending order. */
  readonly indexes: number[]

  constructor(indexes: number[]) {
    super(`chunks ${indexes.slice(0, 10).join(', ')} were replaced or removed after their report`)
    this.indexes = indexes
  }
}

/** The store has every chunk, and refuses for good to make the object of them that was planned. */
export class SealRefusedError extends Error {
  override readonly name = 'SealRefusedError'

  constructor(why: string) {
    super(`The store cannot make one file of the chunks: ${why}.`)
  }
}

/** The right to write one chunk, as read from a signed URL. */
export interface ChunkTicket {
  uploadId: string
  index: number
  /** The exact number of bytes. */
  size: number
}

/**
 * Takes the bodies of chunk PUTs, for stores whose chunk URLs point back at us. It knows nothing
 * of the database: the signed URL is the authority, the upload's place in the store its life.
 */
export interface ChunkSink {
  /**
   * The ticket in the path and query of a request, if its signature is ours and still holds.
   *
   * @throws PartwayError `SignatureDoesNotMatch`, `AccessDenied`
   */
  verify(method: string, url: string, now: number): ChunkTicket
  /**
   * Stores one body. Resolves only when the bytes are durable. Never touches another complete
   * body of the same chunk; a body that is already there is not written again. The pieces of
   * `body` are the sink's from then on; it may take their memory away.
   *
   * @param sha256 what the sender says the digest is, 64 lower-case hex digits
   * @throws PartwayError `NoSuchUpload`, `IncompleteBody` or `EntityTooLarge` (other length than the ticket's),
   * `BadDigest` (other bytes than `sha256` says),
   * `OperationAborted` (the chunk is settled with other bytes, or has too many bodies),
   * `storage_full`
   */
  write(ticket: ChunkTicket, body: AsyncIterable<Uint8Array>, sha256?: string): Promise<StoredChunk>
  /** From now on other bytes for these chunks are refused: they were reported. */
  settle(upload: Upload, chunks: Claim[]): Promise<void>
}

/** Signs short texts, such as the path of a URL. */
export interface Signer {
  /** URL-safe, deterministic. */
  sign(text: string): string
  /** Constant time; true for a signature by any current key. */
  verify(text: string, signature: string): boolean
}

/** What API keys are made of and checked with. */
export interface Secrets {
  /** 256 random bits, URL-safe. */
  random(): string
  /** SHA-256 as 64 lower-case hex digits. */
  hash(data: string | Uint8Array): string
  /** Constant time for texts of equal length. */
  equal(a: string, b: string): boolean
}

/** Epoch milliseconds. */
export type Clock = () => number

/** Calls `tick` every `ms` until the function it returns is called. */
export type Every = (ms: number, tick: () => void) => () => void

/** 24 lower-case hex digits, time-ordered. */
export type NewId = () => string
