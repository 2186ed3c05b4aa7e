import type { ApiKey, Asset, Chunk, Page, PageRequest, UploadProgress } from '../../core/types.ts'
import { ASSET_FAILED } from '../../core/verdict.ts'

export interface UploadRow {
  upload: UploadProgress
  chunks: Map<number, Chunk>
  idempotency: { key: string; fingerprint: string } | undefined
  freed: boolean
  changedAt: number
}

export interface AssetRow {
  asset: Asset
  deletedAt: number | undefined
  changedAt: number
  /** `false` once there is nothing left to do for it. */
  waiting: boolean
  leasedUntil: number
  attempts: number
}

export interface ImportRow {
  url: string
  validator: string | undefined
  leasedUntil: number
  attempts: number
}

export interface Tables {
  uploads: Map<string, UploadRow>
  assets: Map<string, AssetRow>
  imports: Map<string, ImportRow>
  keys: Map<string, ApiKey>
}

/** A change that a client can see; no two of one row at the same time. */
export function touch(row: UploadRow | AssetRow, now: number): void {
  row.changedAt = Math.max(now, row.changedAt + 1)
}

export const newAssetRow = (asset: Asset, changedAt: number): AssetRow => ({
  ...{ asset: { ...asset }, deletedAt: undefined, changedAt },
  ...{ waiting: true, leasedUntil: 0, attempts: 0 },
})

export const isComplete = ({ chunksCompleted, totalChunks }: UploadProgress) =>
  chunksCompleted === totalChunks

export function endUpload(
  { assets, imports }: Tables,
  row: UploadRow,
  state: 'failed' | 'expired',
  reason: string,
  now: number,
): void {
  const { upload } = row
  touch(row, now)
  Object.assign(upload, { state, reason, updatedAt: now })
  imports.delete(upload.id)
  const assetRow = assets.get(upload.assetId)
  if (!assetRow) return
  touch(assetRow, now)
  const { asset } = assetRow
  Object.assign(asset, { state: 'failed', reason })
  const none = { state: 'error', reason: ASSET_FAILED } as const
  if (asset.hls) asset.hls = none
  if (asset.thumbnail) asset.thumbnail = none
}

export const newestFirst = <T>(rows: T[], order: (row: T) => { createdAt: number; id: string }) =>
  rows.sort((a, b) => {
    const [x, y] = [order(a), order(b)]
    return y.createdAt - x.createdAt || (x.id < y.id ? 1 : -1)
  })

export const paged = <T>(all: T[], { page, limit }: PageRequest): Page<T> => ({
  items: all.slice((page - 1) * limit, page * limit),
  total: all.length,
})
