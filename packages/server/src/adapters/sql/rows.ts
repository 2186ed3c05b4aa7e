import type { UserMetadata } from '@partway/protocol'
import type { Insertable, Selectable, Updateable } from 'kysely'
import type { AssetChanges } from '../../core/ports.ts'
import type {
  ApiKey,
  Asset,
  PageRequest,
  Rendition,
  RenditionState,
  Upload,
  UploadProgress,
} from '../../core/types.ts'
import { foldCase } from '../fold-case.ts'
import type { ApiKeysTable, AssetsTable, UploadsTable } from './schema.ts'

// Between rows, which have NULL, and domain objects, which have `undefined`.

export function uploadOf(row: Selectable<UploadsTable>): UploadProgress {
  const { idempotencyKey, idempotencyFingerprint, freed, changedAt, reason, ...upload } = row
  return { ...upload, reason: reason ?? undefined }
}

export function uploadRow(upload: Upload): Insertable<UploadsTable> {
  const { id, account, assetId, method, filename, type } = upload
  const { totalSize, chunkSize, totalChunks } = upload
  const { storeRef, state, reason, createdAt, updatedAt, expiresAt } = upload
  return {
    ...{ id, account, assetId, method, filename, type, totalSize, chunkSize, totalChunks },
    ...{ storeRef, state, reason: reason ?? null, createdAt, updatedAt, expiresAt },
    ...{ changedAt: updatedAt, chunksCompleted: 0, uploadedSize: 0 },
    ...{ idempotencyKey: null, idempotencyFingerprint: null },
  }
}

export function assetOf(row: Selectable<AssetsTable>): Asset {
  const { id, account, method, filename, type, state, size, createdAt } = row
  const { objectRef, objectEtag, technicalMetadata } = row
  return {
    ...{ id, account, method, filename, type, state, size, createdAt },
    userMetadata: userMetadataOf(row),
    reason: row.reason ?? undefined,
    mimeType: row.mimeType ?? undefined,
    duration: row.duration ?? undefined,
    technicalMetadata: technicalMetadata === null ? undefined : JSON.parse(technicalMetadata),
    hls: renditionOf(row.hlsState, row.hlsReason),
    thumbnail: renditionOf(row.thumbnailState, row.thumbnailReason),
    object: objectRef && objectEtag ? { ref: objectRef, etag: objectEtag } : undefined,
  }
}

export function assetRow(asset: Asset, changedAt: number): Insertable<AssetsTable> {
  const { id, account, method, filename, type, state, size, createdAt, object } = asset
  return {
    ...{ id, account, method, filename, type, state, size, createdAt },
    searchName: foldCase(filename),
    userMetadata: userMetadataText(asset.userMetadata),
    reason: asset.reason ?? null,
    mimeType: asset.mimeType ?? null,
    objectRef: object?.ref ?? null,
    objectEtag: object?.etag ?? null,
    deletedAt: null,
    changedAt,
    duration: asset.duration ?? null,
    technicalMetadata: asset.technicalMetadata ? JSON.stringify(asset.technicalMetadata) : null,
    ...renditions(asset),
  }
}

/** The columns of what was asked to be made of an asset. */
export function renditions({ hls, thumbnail }: Pick<Asset, 'hls' | 'thumbnail'>) {
  return {
    ...{ hlsState: hls?.state ?? null, hlsReason: hls?.reason ?? null },
    ...{ thumbnailState: thumbnail?.state ?? null, thumbnailReason: thumbnail?.reason ?? null },
  }
}

const renditionOf = (state: RenditionState | null, reason: string | null): Rendition | undefined =>
  state === null ? undefined : { state, reason: reason ?? undefined }

/** Only the columns that change. */
export function changedColumns(changes: AssetChanges): Updateable<AssetsTable> {
  const { state, type, hls, thumbnail } = changes
  return {
    ...(state ? { state } : {}),
    ...(type ? { type } : {}),
    ...('reason' in changes ? { reason: changes.reason ?? null } : {}),
    ...('mimeType' in changes ? { mimeType: changes.mimeType ?? null } : {}),
    ...('duration' in changes ? { duration: changes.duration ?? null } : {}),
    ...(changes.technicalMetadata
      ? { technicalMetadata: JSON.stringify(changes.technicalMetadata) }
      : {}),
    ...(hls ? { hlsState: hls.state, hlsReason: hls.reason ?? null } : {}),
    ...(thumbnail
      ? { thumbnailState: thumbnail.state, thumbnailReason: thumbnail.reason ?? null }
      : {}),
  }
}

export function userMetadataOf({
  userMetadata,
}: Pick<Selectable<AssetsTable>, 'userMetadata'>): UserMetadata {
  return userMetadata === null ? {} : JSON.parse(userMetadata)
}

export function userMetadataText(values: UserMetadata): string | null {
  return Object.keys(values).length === 0 ? null : JSON.stringify(values)
}

export function keyOf(row: Selectable<ApiKeysTable>): ApiKey {
  return { ...row, revokedAt: row.revokedAt ?? undefined }
}

/** Where a page starts. Beyond what a database can count there is nothing anyway. */
export function offsetOf({ page, limit }: PageRequest): number {
  return Math.min((page - 1) * limit, Number.MAX_SAFE_INTEGER)
}
