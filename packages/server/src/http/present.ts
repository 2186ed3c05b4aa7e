import type {
  Asset,
  ChunkMap,
  PageInfo,
  PresignedURLChunk,
  UploadSummary,
  UploadDetail as WireDetail,
} from '@partway/protocol'
import type { LinkedAsset } from '../core/assets.ts'
import { type ChunkMap as DomainMap, gapsBetween } from '../core/chunk-map.ts'
import type { Asset as DomainAsset, PageRequest, UploadProgress } from '../core/types.ts'
import { reasonAt, stateAt } from '../core/upload-state.ts'
import type { PresignedChunk, UploadDetail } from '../core/uploads.ts'

// Domain objects as the wire shows them. Only here and in the protocol are names snake_case and
// times text.

/** RFC 3339 in UTC with whole seconds, the API's only form of a date. */
export function date(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

export function pageInfo({ page, limit }: PageRequest, total: number): PageInfo {
  return {
    limit_per_page: limit,
    page,
    total_page: Math.ceil(total / limit),
    total_results: total,
  }
}

export function presignedChunk({ index, url, expiresAt }: PresignedChunk): PresignedURLChunk {
  return { chunk_index: index, url, expires_at: date(expiresAt) }
}

export function uploadSummary(upload: UploadProgress, now: number): UploadSummary {
  return {
    upload_id: upload.id,
    asset_id: upload.assetId,
    filename: upload.filename,
    status: stateAt(upload, now),
    total_size: upload.totalSize,
    chunk_size: upload.chunkSize,
    total_chunks: upload.totalChunks,
    chunks_completed: upload.chunksCompleted,
    uploaded_size: upload.uploadedSize,
    created_at: date(upload.createdAt),
    expires_at: date(upload.expiresAt),
  }
}

export const uploadEvent = (upload: UploadProgress, now: number) => ({
  ...uploadSummary(upload, now),
  updated_at: date(upload.updatedAt),
})

export function chunkMap({ upload, completed }: DomainMap, now: number): ChunkMap {
  const ended = reasonAt(upload, now) !== undefined
  return {
    upload_id: upload.id,
    status: stateAt(upload, now),
    total_chunks: upload.totalChunks,
    chunk_size: upload.chunkSize,
    total_size: upload.totalSize,
    completed,
    failed: ended ? gapsBetween(completed, upload.totalChunks) : [],
  }
}

/**
 * Every chunk is listed, reported or not, because the official SDKs call an upload complete when
 * all listed chunks are; and only `failed` chunks make their waiters stop (contract section 4.4).
 */
export function uploadDetail(
  { upload, chunks }: UploadDetail,
  page: PageRequest,
  now: number,
): WireDetail {
  const reason = reasonAt(upload, now)
  const open = upload.totalChunks - upload.chunksCompleted
  return {
    ...uploadSummary(upload, now),
    uploaded_chunks: chunks.map(({ index, reported }) =>
      reported
        ? {
            index,
            status: 'completed',
            uploaded_at: date(reported.reportedAt),
            updated_at: date(reported.reportedAt),
          }
        : {
            index,
            status: reason === undefined ? 'pending' : 'failed',
            uploaded_at: null,
            updated_at: date(reason === undefined ? upload.createdAt : upload.updatedAt),
            ...(reason === undefined ? {} : { error: reason }),
          },
    ),
    chunks_failed: reason === undefined ? 0 : open,
    chunks_pending: reason === undefined ? open : 0,
    page_info: pageInfo(page, upload.totalChunks),
    updated_at: date(upload.updatedAt),
  }
}

export function asset({ asset, ...links }: LinkedAsset): Asset {
  const { mimeType, reason, duration, technicalMetadata, hls, thumbnail } = asset
  const { url, manifestUrl, thumbnailUrl, fetchedSize } = links
  return {
    _id: asset.id,
    method: asset.method,
    status: asset.state,
    filename: asset.filename,
    ...(mimeType === undefined ? {} : { file_type: mimeType }),
    ...(asset.object ? { size: asset.size } : {}),
    ...(url === undefined ? {} : { url }),
    ...(duration === undefined ? {} : { duration }),
    ...(hls
      ? {
          hls: {
            status: hls.state,
            ...(manifestUrl ? { manifest_url: manifestUrl } : {}),
            ...errorOf(hls.reason),
          },
        }
      : {}),
    ...(thumbnail
      ? {
          thumbnail: {
            status: thumbnail.state,
            ...(thumbnailUrl ? { representative_url: thumbnailUrl } : {}),
            ...errorOf(thumbnail.reason),
          },
        }
      : {}),
    ...(technicalMetadata ? { technical_metadata: technicalMetadata } : {}),
    ...(fetchedSize === undefined
      ? {}
      : {
          import: {
            fetched_size: fetchedSize,
            ...(asset.size > 0 ? { total_size: asset.size } : {}),
          },
        }),
    ...errorOf(reason),
    ...(Object.keys(asset.userMetadata).length > 0 ? { user_metadata: asset.userMetadata } : {}),
    created_at: date(asset.createdAt),
  }
}

/** An asset that was just created, of which nothing can be fetched yet. */
export const assetAtCreation = (created: DomainAsset): Asset =>
  asset({
    ...{ asset: created, url: undefined, manifestUrl: undefined, thumbnailUrl: undefined },
    fetchedSize: created.method === 'url' ? 0 : undefined,
  })

const errorOf = (reason: string | undefined) =>
  reason === undefined ? {} : { error: { message: reason } }
