import type {
  ApiKey,
  Asset,
  AssetFilter,
  Chunk,
  Claim,
  Page,
  PageRequest,
  Progress,
  SealedObject,
  StoredChunk,
  Upload,
  UploadProgress,
} from './types.ts'
import type { UserMetadataChange } from './user-metadata.ts'

export { type EmitFile, type Inspection, MediaError, type MediaSource } from './media-port.ts'
export { SourceError, type Web, type WebRequest, type WebResponse } from './web-port.ts'

// The ports: all that the core asks of the world. An adapter is a function that returns one of
// these objects. What each sentence here promises is tested by the contract suites in
// `test/contract`, which every adapter runs; read `adapters/memory` first.

/**
 * Where uploads, chunks, assets and keys are recorded. Every method is atomic. What does not
 * exist, or belongs to another account, is `undefined`, never an error.
 *
 * @throws PartwayError `service_unavailable` when the database is locked or unreachable and
 * `storage_full` when its disk is full; nothing was changed and the call can be repeated.
 */
export interface Metadata {
  /**
   * Records a new upload and its reserved asset. With `idempotency`, a second call with the same
   * account and key since `idempotency.since` records nothing and returns what the first one did.
   */
  createUpload(upload: Upload, asset: Asset, idempotency?: Idempotency): Promise<CreatedUpload>
  findUpload(account: string, id: string): Promise<UploadProgress | undefined>
  /** All but the completed ones, newest first. */
  listIncomplete(account: string, page: PageRequest): Promise<Page<UploadProgress>>
  /** Reported chunks with an index from `from` to `to` (inclusive), in ascending order of index. */
  listChunks(uploadId: string, range: { from: number; to: number }): Promise<Chunk[]>
  /**
   * Records proven chunks of an active upload, all or none. The upload row is updated first: that
   * is the lock under which counting is exact, so that of racing reports exactly one sees the
   * last chunk arrive. Chunks already recorded stay as they are and count as duplicates.
   */
  recordChunks(uploadId: string, chunks: Claim[], now: number): Promise<Recorded>
  /** Marks a fully recorded, active upload completed and gives its asset the sealed bytes; true for exactly one caller. */
  completeUpload(uploadId: string, object: SealedObject, now: number): Promise<boolean>
  /** Ends an active upload and fails its asset; true for exactly one caller. */
  failUpload(uploadId: string, reason: string, now: number): Promise<boolean>
  /** Active uploads of any account with every chunk recorded, not touched since `before`; oldest first. */
  listUnsealed(before: number, limit: number, skip?: number): Promise<UploadProgress[]>
  /** Expires active uploads past their time that are not fully recorded, and fails their assets. */
  expireUploads(now: number, reason: string, limit: number): Promise<Upload[]>
  /** Failed and expired uploads that ended before `before` and whose bytes were not freed yet; oldest first. */
  listFreeable(before: number, limit: number, skip?: number): Promise<Upload[]>
  markFreed(uploadId: string): Promise<void>
  /** Forgets failed and expired uploads that ended before `before` and whose bytes are freed; returns how many. */
  purgeUploads(before: number, limit: number): Promise<number>

  findAsset(account: string, id: string): Promise<Asset | undefined>
  /** An asset whose bytes are sealed, whoever owns it: for signed URLs, which carry their own authority. */
  findSealedAsset(id: string): Promise<Asset | undefined>
  /**
   * Newest first, ties by id. An asset added meanwhile moves the others to later places, so that
   * whoever reads page after page misses none that was there at the start.
   */
  listAssets(account: string, page: PageRequest, filter: AssetFilter): Promise<Page<Asset>>
  /** Changes the key-value pairs of an asset; `false` when there is no such asset. */
  changeUserMetadata(account: string, id: string, change: UserMetadataChange): Promise<boolean>
  /** Hides an asset at once and fails its upload if that is still active; true for exactly one caller. */
  deleteAsset(account: string, id: string, reason: string, now: number): Promise<boolean>
  /** Assets hidden before `before`, whose bytes can now be freed; oldest first. */
  listDeletedAssets(before: number, limit: number, skip?: number): Promise<Asset[]>
  /** Forgets a hidden asset. */
  purgeAsset(id: string): Promise<void>
  /** Takes one sealed asset in `processing` whose lease ran out, and leases it for `leaseMs`; exactly one caller gets it. */
  claimAsset(now: number, leaseMs: number): Promise<Asset | undefined>
  /** Ends the processing of an asset; does nothing unless it is still `processing`. */
  finishAsset(id: string, result: ProcessingResult): Promise<void>

  createKey(key: ApiKey): Promise<void>
  findKey(id: string): Promise<ApiKey | undefined>
  /** Oldest first, revoked ones included. */
  listKeys(): Promise<ApiKey[]>
  /** True when there was such a key and it was not revoked before. */
  revokeKey(id: string, now: number): Promise<boolean>

  /** Resolves when the database answers. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface Idempotency {
  key: string
  /** Identifies the request body, so that another body under the same key is noticed. */
  fingerprint: string
  /** Keys used before this time are free again. */
  since: number
}

export type CreatedUpload =
  | { created: true }
  | { created: false; upload: UploadProgress; fingerprint: string }

export interface Recorded extends Progress {
  /** `false`: the upload was not active, and nothing was recorded. */
  active: boolean
  /** Chunks of this call that were not recorded before. */
  added: number
}

export type ProcessingResult =
  | { state: 'ready'; mimeType: string }
  | { state: 'failed'; reason: string; mimeType: string | undefined }

/**
 * Where bytes are kept: chunks while they arrive, one object when they are sealed.
 *
 * @throws PartwayError `storage_full` or `service_unavailable` when the store cannot work right
 * now; the call can be repeated.
 */
export interface ChunkStore {
  /** Makes a place for an upload; returns its `storeRef`. */
  begin(upload: Upload): Promise<string>
  /** One URL per index, in order; a PUT of exactly that chunk's size is accepted until `expiresAt`. */
  presign(upload: Upload, indexes: number[], request: PresignContext): Promise<string[]>
  /** For each claim, the complete body that bears its ETag, if there is one. */
  stat(upload: Upload, claims: Claim[]): Promise<Map<number, StoredChunk>>
  /**
   * Makes the proven chunks the bytes of the asset and drops every other body. Idempotent: after
   * a crash at any point, repeating it finishes the job or finds it done.
   */
  seal(upload: Upload, chunks: Chunk[]): Promise<SealedObject>
  /** Bytes `start` to `end` (inclusive) of a sealed object. @throws PartwayError `service_unavailable` when it is not there */
  open(ref: string, range: { start: number; end: number }): AsyncIterable<Uint8Array>
  /** How many bytes a sealed object really has. @throws PartwayError `service_unavailable` when it is not there */
  size(ref: string): Promise<number>
  /** Frees everything an upload ever stored, sealed or not. Idempotent. */
  abort(upload: Upload): Promise<void>
  /** Frees a sealed object. Idempotent. */
  remove(ref: string): Promise<void>
  /** Resolves when the store can be written to. */
  ping(): Promise<void>
}

export interface PresignContext {
  /** The origin clients reach us at, such as `https://media.example.com`; used by stores whose URLs point back at us. */
  origin: string
  expiresAt: number
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
   * @throws PartwayError `NoSuchUpload`, `IncompleteBody` or `EntityTooLarge` (other length than the ticket's),
   * `OperationAborted` (the chunk is settled with other bytes, or has too many bodies),
   * `storage_full`
   */
  write(ticket: ChunkTicket, body: AsyncIterable<Uint8Array>): Promise<StoredChunk>
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

/** Reads what media a sealed object holds. */
export interface Media {
  /** The MIME type of the content, or `undefined` when it is no known media format. */
  detect(read: ReadRange, size: number): Promise<string | undefined>
}

/** Bytes `start` to `end` (inclusive). */
export type ReadRange = (start: number, end: number) => AsyncIterable<Uint8Array>

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

/** 24 lower-case hex digits, time-ordered. */
export type NewId = () => string
