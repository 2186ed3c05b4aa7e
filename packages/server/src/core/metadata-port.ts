import { type ChunkPlan, PartwayError } from '@partway/protocol'
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
  Upload,
  UploadProgress,
} from './types.ts'
import type { UserMetadataChange } from './user-metadata.ts'

/**
 * Where uploads, chunks, assets and keys are recorded. Every method is atomic. What does not
 * exist, or belongs to another account, is `undefined`, never an error.
 *
 * @throws PartwayError `service_unavailable` when the database is locked or unreachable and
 * `storage_full` when its disk is full. The call can be repeated: nothing was changed, unless it is
 * an {@link OutcomeUnknownError}.
 */
export interface Metadata
  extends UploadRecords,
    IngestRecords,
    AssetRecords,
    ChangeRecords,
    KeyRecords {
  /** Resolves when the database answers and takes writes. */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * The database broke off after it was told to commit. It may have done so, or may still: not to see
 * the change now does not mean that it will not be there.
 */
export class OutcomeUnknownError extends PartwayError {}

export interface UploadRecords {
  /**
   * Records a new upload and its reserved asset. With `idempotency`, a second call with the same
   * account and key since `idempotency.since` records nothing and returns what the first one did.
   */
  createUpload(upload: Upload, asset: Asset, idempotency?: Idempotency): Promise<CreatedUpload>
  findUpload(account: string, id: string): Promise<UploadProgress | undefined>
  /** Those whose chunks a client sends, all but the completed ones, newest first. */
  listIncomplete(account: string, page: PageRequest): Promise<Page<UploadProgress>>
  /** Reported chunks with an index from `from` to `to` (inclusive), in ascending order of index. */
  listChunks(uploadId: string, range: { from: number; to: number }): Promise<Chunk[]>
  /**
   * Records proven chunks of an active upload, all or none. The upload row is updated first: that
   * is the lock under which counting is exact, so that of racing reports exactly one sees the
   * last chunk arrive. Chunks already recorded stay as they are and count as duplicates.
   *
   * @param held of an import: nothing is recorded unless its lease is still this one
   */
  recordChunks(uploadId: string, chunks: Claim[], now: number, held?: number): Promise<Recorded>
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
}

/** Uploads whose bytes we bring ourselves: files sent in one request, files fetched from a URL. */
export interface IngestRecords {
  /**
   * Records an upload whose plan is an upper bound until {@link planIngest}. With an asset, it is
   * shown at once; with a URL, the upload is work to be claimed.
   */
  createIngest(upload: Upload, asset?: Asset, url?: string): Promise<void>
  /**
   * Fixes the plan of an active upload, and records its asset or gives the one that is there its
   * size, name, type and renditions. `false` when the upload is not active.
   *
   * @param held of an import: `false` as well unless its lease is still this one
   */
  planIngest(
    uploadId: string,
    plan: ChunkPlan,
    asset: Asset,
    now: number,
    held?: number,
  ): Promise<boolean>
  /**
   * Back to the beginning: forgets the recorded chunks of an import and the version they were of, and
   * gives it a plan that is an upper bound again and its new place in the store. `false`, and
   * nothing is changed, unless the upload is active and the lease is still `held`.
   */
  restartIngest(uploadId: string, to: NewPlace, held: number, now: number): Promise<boolean>
  /** How far the fetching of an asset has come; `undefined` when it is not being fetched. */
  findIngest(assetId: string): Promise<UploadProgress | undefined>
  /** Takes the import whose lease ran out first, and leases it for `leaseMs`; exactly one caller gets it. */
  claimImport(now: number, leaseMs: number): Promise<ImportLease | undefined>
  /**
   * Holds on to an import, or puts it off until the time given. `false` when the lease is no
   * longer `held` or the upload is over.
   */
  renewImport(
    uploadId: string,
    held: number,
    until: number,
    changes?: Partial<Pick<ImportLease, 'validator' | 'attempt'>>,
  ): Promise<boolean>
}

export interface AssetRecords {
  findAsset(account: string, id: string): Promise<Asset | undefined>
  /** An asset whose bytes are sealed, whoever owns it: for signed URLs, which carry their own authority. */
  findSealedAsset(id: string): Promise<Asset | undefined>
  /**
   * Newest first, ties by id. An asset added meanwhile moves the others to later places, so that
   * whoever reads page after page misses none that was there at the start.
   */
  listAssets(account: string, page: PageRequest, filter: AssetFilter): Promise<Page<Asset>>
  /** Changes the key-value pairs of an asset; `false` when there is no such asset. */
  changeUserMetadata(
    account: string,
    id: string,
    change: UserMetadataChange,
    now: number,
  ): Promise<boolean>
  /** Hides an asset at once and fails its upload if that is still active; true for exactly one caller. */
  deleteAsset(account: string, id: string, reason: string, now: number): Promise<boolean>
  /** Assets hidden before `before`, whose bytes can now be freed; oldest first. */
  listDeletedAssets(before: number, limit: number, skip?: number): Promise<Asset[]>
  /** Forgets a hidden asset. */
  purgeAsset(id: string): Promise<void>
  /**
   * Takes the sealed asset with unfinished work whose lease ran out first, and leases it for
   * `leaseMs`; exactly one caller gets it.
   */
  claimAsset(now: number, leaseMs: number): Promise<AssetLease | undefined>
  /** Holds on to an asset; `false` when the lease is no longer `held` or the asset was deleted. */
  renewAsset(id: string, held: number, until: number): Promise<boolean>
  /** Changes an asset; does nothing and returns `false` unless the lease is still `held`. */
  changeAsset(id: string, held: number, changes: AssetChanges, now: number): Promise<boolean>
  /**
   * Ends a lease: `done` for good, otherwise until the time given, and the attempt does not
   * count. Does nothing unless the lease is still `held`.
   */
  releaseAsset(id: string, held: number, next: 'done' | { at: number }): Promise<void>
}

export interface ChangeRecords {
  /**
   * Which uploads and assets of an account last changed after a position, in the order of these
   * changes; each is listed once. Deleted assets are among them until they are purged. What a
   * client can see of them decides what counts as a change: leases do not.
   *
   * A change bears the `now` of the call that made it, or, so that no two changes of one resource
   * bear the same, a later time. It is listed as soon as that call has ended, which may be later
   * than calls with a later `now`.
   */
  listChanges(account: string, after: ChangePosition, limit: number): Promise<Change[]>
}

export interface KeyRecords {
  createKey(key: ApiKey): Promise<void>
  /** Records a key unless there is any already, revoked or not; true for exactly one caller. */
  createFirstKey(key: ApiKey): Promise<boolean>
  findKey(id: string): Promise<ApiKey | undefined>
  /** Oldest first, revoked ones included. */
  listKeys(): Promise<ApiKey[]>
  /** True when there was such a key and it was not revoked before. */
  revokeKey(id: string, now: number): Promise<boolean>
}

export interface Idempotency {
  key: string
  /** Identifies the request body, so that another body under the same key is noticed. */
  fingerprint: string
  /** Keys used before this time are free again. */
  since: number
}

export type NewPlace = ChunkPlan & Pick<Upload, 'storeRef'>

export type CreatedUpload =
  | { created: true }
  | { created: false; upload: UploadProgress; fingerprint: string }

export interface ChangePosition {
  at: number
  /** Among those of one time; the empty text is before all. */
  id: string
}

export interface Change extends ChangePosition {
  kind: 'upload' | 'asset'
}

export interface Recorded extends Progress {
  /** `false`: the upload was not active or its lease was lost, and nothing was recorded. */
  active: boolean
  /** Chunks of this call that were not recorded before. */
  added: number
}

export interface AssetLease {
  asset: Asset
  /** When the lease runs out; also what proves it is still ours. */
  until: number
  /** From 1; earlier ones ended with their process or in an error. */
  attempt: number
}

export interface ImportLease {
  upload: UploadProgress
  /** May hold secrets: never to be logged or shown. It is forgotten when the upload is over. */
  url: string
  /** Names the version of the file that the recorded chunks are of. */
  validator: string | undefined
  /** When the lease runs out; also what proves it is still ours. */
  until: number
  /** From 1. */
  attempt: number
}

/** What processing may change. Absent: stays as it is. */
export type AssetChanges = Partial<
  Pick<
    Asset,
    | 'state'
    | 'reason'
    | 'type'
    | 'mimeType'
    | 'duration'
    | 'technicalMetadata'
    | 'hls'
    | 'thumbnail'
  >
>
