import type { ApiKey, Asset, Chunk, Page, PageRequest, UploadProgress } from '../../core/types.ts'
import { ASSET_FAILED } from '../../core/verdict.ts'

export interface UploadRow {
  upload: UploadProgress
  chunks: Map<number, Chunk>
  idempotency: { key: string; fingerprint: string } | undefined
  freed: boolean
}

export interface AssetRow {
  asset: Asset
  deletedAt: number | undefined
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

export const newAssetRow = (asset: Asset): AssetRow => ({
  ...{ asset: { ...asset }, deletedAt: undefined },
  ...{ waiting: true, leasedUntil: 0, attempts: 0 },
})

export const isComplete = ({ chunksCompleted, totalChunks }: UploadProgress) =>
  chunksCompleted === totalChunks

export function endUpload(
  { assets, imports }: Tables,
  { upload }: UploadRow,
  state: 'failed' | 'expired',
  reason: string,
  now: number,
): void {
  Object.assign(upload, { state, reason, updatedAt: now })
  imports.delete(upload.id)
  const asset = assets.get(upload.assetId)?.asset
  if (!asset) return
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
