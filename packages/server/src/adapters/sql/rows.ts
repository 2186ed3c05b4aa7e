import type { UserMetadata } from '@partway/protocol'
import type { Insertable, Selectable } from 'kysely'
import type { ApiKey, Asset, PageRequest, Upload, UploadProgress } from '../../core/types.ts'
import { foldCase } from '../fold-case.ts'
import type { ApiKeysTable, AssetsTable, UploadsTable } from './schema.ts'

// Between rows, which have NULL, and domain objects, which have `undefined`.

export function uploadOf(row: Selectable<UploadsTable>): UploadProgress {
  const { idempotencyKey, idempotencyFingerprint, freed, reason, ...upload } = row
  return { ...upload, reason: reason ?? undefined }
}

export function uploadRow(upload: Upload): Insertable<UploadsTable> {
  const { id, account, assetId, filename, type, totalSize, chunkSize, totalChunks } = upload
  const { storeRef, state, reason, createdAt, updatedAt, expiresAt } = upload
  return {
    ...{ id, account, assetId, filename, type, totalSize, chunkSize, totalChunks },
    ...{ storeRef, state, reason: reason ?? null, createdAt, updatedAt, expiresAt },
    ...{ chunksCompleted: 0, uploadedSize: 0 },
    ...{ idempotencyKey: null, idempotencyFingerprint: null },
  }
}

export function assetOf(row: Selectable<AssetsTable>): Asset {
  const { objectRef, objectEtag, deletedAt, leasedUntil, reason, mimeType, ...rest } = row
  const { searchName, userMetadata, ...asset } = rest
  return {
    ...asset,
    userMetadata: userMetadataOf(row),
    reason: reason ?? undefined,
    mimeType: mimeType ?? undefined,
    object: objectRef && objectEtag ? { ref: objectRef, etag: objectEtag } : undefined,
  }
}

export function assetRow(asset: Asset): Insertable<AssetsTable> {
  const { object, reason, mimeType, userMetadata, ...row } = asset
  return {
    ...row,
    searchName: foldCase(asset.filename),
    userMetadata: userMetadataText(userMetadata),
    reason: reason ?? null,
    mimeType: mimeType ?? null,
    objectRef: object?.ref ?? null,
    objectEtag: object?.etag ?? null,
    deletedAt: null,
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
