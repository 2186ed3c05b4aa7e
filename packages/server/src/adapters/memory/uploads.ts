import type { UploadRecords } from '../../core/ports.ts'
import type { Upload } from '../../core/types.ts'
import {
  endUpload,
  isComplete,
  newAssetRow,
  newestFirst,
  paged,
  type Tables,
  touch,
} from './rows.ts'

export function uploadRecords(tables: Tables): UploadRecords {
  const { uploads, assets, imports } = tables

  const ended = (before: number) =>
    [...uploads.values()].filter(
      ({ upload }) =>
        (upload.state === 'failed' || upload.state === 'expired') && upload.updatedAt < before,
    )

  return {
    async createUpload(upload, asset, idempotency) {
      if (idempotency) {
        for (const row of uploads.values()) {
          const same =
            row.upload.account === upload.account && row.idempotency?.key === idempotency.key
          if (!same) continue
          if (row.upload.createdAt >= idempotency.since) {
            const { fingerprint } = row.idempotency!
            return { created: false, upload: { ...row.upload }, fingerprint }
          }
          row.idempotency = undefined
        }
      }
      if (uploads.has(upload.id) || assets.has(asset.id)) throw new Error('the id is taken')
      uploads.set(upload.id, {
        upload: { ...upload, chunksCompleted: 0, uploadedSize: 0 },
        chunks: new Map(),
        idempotency: idempotency && { key: idempotency.key, fingerprint: idempotency.fingerprint },
        ...{ freed: false, changedAt: upload.updatedAt },
      })
      assets.set(asset.id, newAssetRow(asset, upload.updatedAt))
      return { created: true }
    },

    async findUpload(account, id) {
      const upload = uploads.get(id)?.upload
      return upload?.account === account ? { ...upload } : undefined
    },

    async listIncomplete(account, page) {
      const mine = [...uploads.values()]
        .map(({ upload }) => upload)
        .filter((upload) => upload.account === account && upload.state !== 'completed')
        .filter(({ method }) => method === 'multipart')
      const { items, total } = paged(
        newestFirst(mine, (u) => u),
        page,
      )
      return { items: items.map((upload) => ({ ...upload })), total }
    },

    async listChunks(uploadId, { from, to }) {
      return [...(uploads.get(uploadId)?.chunks.values() ?? [])]
        .filter(({ index }) => index >= from && index <= to)
        .sort((a, b) => a.index - b.index)
    },

    async recordChunks(uploadId, claims, now, held) {
      const row = uploads.get(uploadId)
      const lost = held !== undefined && imports.get(uploadId)?.leasedUntil !== held
      if (row?.upload.state !== 'active' || lost) {
        return { active: false, added: 0, chunksCompleted: 0, uploadedSize: 0 }
      }
      const fresh = claims.filter(({ index }, i) => {
        const first = claims.findIndex((claim) => claim.index === index) === i
        return first && !row.chunks.has(index)
      })
      for (const claim of fresh) row.chunks.set(claim.index, { ...claim, reportedAt: now })
      row.upload.chunksCompleted = row.chunks.size
      row.upload.uploadedSize += fresh.reduce((sum, { size }) => sum + size, 0)
      row.upload.updatedAt = now
      touch(row, now)
      const { chunksCompleted, uploadedSize } = row.upload
      return { active: true, added: fresh.length, chunksCompleted, uploadedSize }
    },

    async completeUpload(uploadId, object, now) {
      const row = uploads.get(uploadId)
      if (row?.upload.state !== 'active' || !isComplete(row.upload)) return false
      Object.assign(row.upload, { state: 'completed', updatedAt: now })
      touch(row, now)
      imports.delete(uploadId)
      const asset = assets.get(row.upload.assetId)
      if (!asset) return true
      asset.asset.object = { ...object }
      touch(asset, now)
      return true
    },

    async failUpload(uploadId, reason, now) {
      const row = uploads.get(uploadId)
      if (row?.upload.state !== 'active') return false
      endUpload(tables, row, 'failed', reason, now)
      return true
    },

    async listUnsealed(before, limit, skip = 0) {
      return [...uploads.values()]
        .map(({ upload }) => upload)
        .filter((u) => u.state === 'active' && isComplete(u) && u.updatedAt <= before)
        .sort((a, b) => a.updatedAt - b.updatedAt)
        .slice(skip, skip + limit)
        .map((upload) => ({ ...upload }))
    },

    async expireUploads(now, reason, limit) {
      const late = [...uploads.values()]
        .filter(({ upload: u }) => u.state === 'active' && u.expiresAt <= now && !isComplete(u))
        .slice(0, limit)
      for (const row of late) endUpload(tables, row, 'expired', reason, now)
      return late.map(({ upload }): Upload => ({ ...upload }))
    },

    async listFreeable(before, limit, skip = 0) {
      return ended(before)
        .filter(({ freed }) => !freed)
        .sort((a, b) => a.upload.updatedAt - b.upload.updatedAt)
        .slice(skip, skip + limit)
        .map(({ upload }) => ({ ...upload }))
    },

    async markFreed(uploadId) {
      const row = uploads.get(uploadId)
      if (row) row.freed = true
    },

    async purgeUploads(before, limit) {
      const gone = ended(before)
        .filter(({ freed }) => freed)
        .slice(0, limit)
      for (const { upload } of gone) uploads.delete(upload.id)
      return gone.length
    },
  }
}
