import type { AssetMethod, AssetType } from '@partway/protocol'
import type { Generated } from 'kysely'
import type { AssetState, RenditionState, UploadState } from '../../core/types.ts'

// The tables as queries see them; in the database the columns are snake_case. Times are epoch
// milliseconds and sizes bytes. Flags are 0 or 1, because SQLite has no booleans.

export interface Database {
  uploads: UploadsTable
  chunks: ChunksTable
  imports: ImportsTable
  assets: AssetsTable
  apiKeys: ApiKeysTable
}

export interface UploadsTable {
  id: string
  account: string
  assetId: string
  method: AssetMethod
  filename: string
  type: AssetType
  totalSize: number
  chunkSize: number
  totalChunks: number
  storeRef: string
  state: UploadState
  reason: string | null
  chunksCompleted: number
  uploadedSize: number
  idempotencyKey: string | null
  idempotencyFingerprint: string | null
  createdAt: number
  updatedAt: number
  expiresAt: number
  freed: Generated<number>
  /** When a client could last see a difference; 0 for what is older than this column. */
  changedAt: number
}

export interface ChunksTable {
  uploadId: string
  index: number
  etag: string
  size: number
  reportedAt: number
}

export interface AssetsTable {
  id: string
  account: string
  method: AssetMethod
  filename: string
  /** The name as searches compare it. */
  searchName: string
  type: AssetType
  state: AssetState
  reason: string | null
  size: number
  mimeType: string | null
  duration: number | null
  /** JSON. */
  technicalMetadata: string | null
  /** NULL when nobody asked for it; the same below. */
  hlsState: RenditionState | null
  hlsReason: string | null
  thumbnailState: RenditionState | null
  thumbnailReason: string | null
  objectRef: string | null
  objectEtag: string | null
  /** JSON; NULL when there are no pairs. */
  userMetadata: string | null
  createdAt: number
  deletedAt: number | null
  /** As of uploads. */
  changedAt: number
  /** 0 once there is nothing left to do for it. */
  waiting: Generated<number>
  leasedUntil: Generated<number>
  attempts: Generated<number>
}

/** URLs being fetched; a row lives as long as its upload is active. */
export interface ImportsTable {
  uploadId: string
  url: string
  validator: string | null
  leasedUntil: Generated<number>
  attempts: Generated<number>
}

export interface ApiKeysTable {
  id: string
  account: string
  name: string
  hash: string
  createdAt: number
  revokedAt: number | null
}
