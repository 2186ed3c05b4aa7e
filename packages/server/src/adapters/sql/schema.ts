import type { AnyAssetType, AssetMethod, AssetType } from '@partway/protocol'
import type { Generated } from 'kysely'
import type { AssetState, UploadState } from '../../core/types.ts'

// The tables as queries see them; in the database the columns are snake_case. Times are epoch
// milliseconds and sizes bytes. Flags are 0 or 1, because SQLite has no booleans.

export interface Database {
  uploads: UploadsTable
  chunks: ChunksTable
  assets: AssetsTable
  apiKeys: ApiKeysTable
}

export interface UploadsTable {
  id: string
  account: string
  assetId: string
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
  type: AnyAssetType
  state: AssetState
  reason: string | null
  size: number
  mimeType: string | null
  objectRef: string | null
  objectEtag: string | null
  /** JSON; NULL when there are no pairs. */
  userMetadata: string | null
  createdAt: number
  deletedAt: number | null
  leasedUntil: Generated<number>
}

export interface ApiKeysTable {
  id: string
  account: string
  name: string
  hash: string
  createdAt: number
  revokedAt: number | null
}
