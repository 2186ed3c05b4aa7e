import type { IngestRecords } from '../../core/ports.ts'
import { newAssetRow, type Tables, touch } from './rows.ts'

export function ingestRecords({ uploads, assets, imports }: Tables): IngestRecords {
  const active = (uploadId: string) => {
    const row = uploads.get(uploadId)
    return row?.upload.state === 'active' ? row : undefined
  }

  const isHeld = (uploadId: string, held: number | undefined) =>
    held === undefined || imports.get(uploadId)?.leasedUntil === held

  return {
    async createIngest(upload, asset, url) {
      const progress = { chunksCompleted: 0, uploadedSize: 0 }
      uploads.set(upload.id, {
        ...{ upload: { ...upload, ...progress }, chunks: new Map() },
        ...{ idempotency: undefined, freed: false, changedAt: upload.updatedAt },
      })
      if (asset) assets.set(asset.id, newAssetRow(asset, upload.updatedAt))
      if (url !== undefined) {
        imports.set(upload.id, { url, validator: undefined, leasedUntil: 0, attempts: 0 })
      }
    },

    async planIngest(uploadId, plan, asset, now, held) {
      const row = active(uploadId)
      if (!row || !isHeld(uploadId, held)) return false
      const { totalSize, chunkSize, totalChunks } = plan
      const { filename, type, size, hls, thumbnail } = asset
      Object.assign(row.upload, { totalSize, chunkSize, totalChunks, filename, type })
      row.upload.updatedAt = now
      touch(row, now)
      const known = assets.get(asset.id)
      if (known) {
        Object.assign(known.asset, { filename, type, size, hls, thumbnail })
        touch(known, now)
      } else assets.set(asset.id, newAssetRow(asset, now))
      return true
    },

    async restartIngest(uploadId, { totalSize, chunkSize, totalChunks, storeRef }, held, now) {
      const row = active(uploadId)
      if (!row || !isHeld(uploadId, held)) return false
      row.chunks.clear()
      Object.assign(row.upload, { totalSize, chunkSize, totalChunks, storeRef })
      Object.assign(row.upload, { chunksCompleted: 0, uploadedSize: 0, updatedAt: now })
      touch(row, now)
      const pending = imports.get(uploadId)
      if (pending) pending.validator = undefined
      return true
    },

    async findIngest(assetId) {
      for (const { upload } of uploads.values()) {
        if (upload.assetId === assetId && imports.has(upload.id)) return { ...upload }
      }
      return undefined
    },

    async claimImport(now, leaseMs) {
      const [found] = [...imports]
        .filter(([, { leasedUntil }]) => leasedUntil <= now)
        .sort(([, a], [, b]) => a.leasedUntil - b.leasedUntil)
      if (!found) return undefined
      const [uploadId, row] = found
      const until = now + leaseMs
      Object.assign(row, { leasedUntil: until, attempts: row.attempts + 1 })
      const { url, validator, attempts: attempt } = row
      return { upload: { ...uploads.get(uploadId)!.upload }, url, validator, until, attempt }
    },

    async renewImport(uploadId, held, until, { validator, attempt } = {}) {
      const row = imports.get(uploadId)
      if (row?.leasedUntil !== held) return false
      row.leasedUntil = until
      if (validator !== undefined) row.validator = validator
      if (attempt !== undefined) row.attempts = attempt
      return true
    },
  }
}
