import type { Metadata } from '../../core/ports.ts'
import type {
  ApiKey,
  Asset,
  Chunk,
  Page,
  PageRequest,
  Upload,
  UploadProgress,
} from '../../core/types.ts'
import { applyChange } from '../../core/user-metadata.ts'
import { foldCase } from '../fold-case.ts'

interface UploadRow {
  upload: UploadProgress
  chunks: Map<number, Chunk>
  idempotency: { key: string; fingerprint: string } | undefined
  freed: boolean
}

interface AssetRow {
  asset: Asset
  deletedAt: number | undefined
  leasedUntil: number
}

/** `Metadata` in two maps: the reference for every other adapter, and the fake of unit tests. */
export function createMemoryMetadata(): Metadata {
  const uploads = new Map<string, UploadRow>()
  const assets = new Map<string, AssetRow>()
  const keys = new Map<string, ApiKey>()

  const newestFirst = <T>(rows: T[], order: (row: T) => { createdAt: number; id: string }) =>
    rows.sort((a, b) => {
      const [x, y] = [order(a), order(b)]
      return y.createdAt - x.createdAt || (x.id < y.id ? 1 : -1)
    })

  const paged = <T>(all: T[], { page, limit }: PageRequest): Page<T> => ({
    items: all.slice((page - 1) * limit, page * limit),
    total: all.length,
  })

  const complete = ({ chunksCompleted, totalChunks }: UploadProgress) =>
    chunksCompleted === totalChunks

  function end(row: UploadRow, state: 'failed' | 'expired', reason: string, now: number): void {
    Object.assign(row.upload, { state, reason, updatedAt: now })
    const asset = assets.get(row.upload.assetId)?.asset
    if (asset) Object.assign(asset, { state: 'failed', reason })
  }

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
        freed: false,
      })
      assets.set(asset.id, { asset: { ...asset }, deletedAt: undefined, leasedUntil: 0 })
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

    async recordChunks(uploadId, claims, now) {
      const row = uploads.get(uploadId)
      if (row?.upload.state !== 'active') {
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
      const { chunksCompleted, uploadedSize } = row.upload
      return { active: true, added: fresh.length, chunksCompleted, uploadedSize }
    },

    async completeUpload(uploadId, object, now) {
      const row = uploads.get(uploadId)
      if (row?.upload.state !== 'active' || !complete(row.upload)) return false
      Object.assign(row.upload, { state: 'completed', updatedAt: now })
      const asset = assets.get(row.upload.assetId)
      if (asset) asset.asset.object = { ...object }
      return true
    },

    async failUpload(uploadId, reason, now) {
      const row = uploads.get(uploadId)
      if (row?.upload.state !== 'active') return false
      end(row, 'failed', reason, now)
      return true
    },

    async listUnsealed(before, limit, skip = 0) {
      return [...uploads.values()]
        .map(({ upload }) => upload)
        .filter((u) => u.state === 'active' && complete(u) && u.updatedAt <= before)
        .sort((a, b) => a.updatedAt - b.updatedAt)
        .slice(skip, skip + limit)
        .map((upload) => ({ ...upload }))
    },

    async expireUploads(now, reason, limit) {
      const late = [...uploads.values()]
        .filter(({ upload: u }) => u.state === 'active' && u.expiresAt <= now && !complete(u))
        .slice(0, limit)
      for (const row of late) end(row, 'expired', reason, now)
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

    async findAsset(account, id) {
      const row = assets.get(id)
      const visible = row?.asset.account === account && row.deletedAt === undefined
      return visible ? { ...row.asset } : undefined
    },

    async findSealedAsset(id) {
      const row = assets.get(id)
      return row?.asset.object && row.deletedAt === undefined ? { ...row.asset } : undefined
    },

    async listAssets(account, page, { ids, types, filename }) {
      const mine = [...assets.values()]
        .filter(({ asset, deletedAt }) => asset.account === account && deletedAt === undefined)
        .map(({ asset }) => asset)
        .filter((asset) => !ids || ids.includes(asset.id))
        .filter((asset) => !types || types.includes(asset.type))
        .filter((asset) => !filename || foldCase(asset.filename).includes(foldCase(filename)))
      const { items, total } = paged(
        newestFirst(mine, (a) => a),
        page,
      )
      return { items: items.map((asset) => ({ ...asset })), total }
    },

    async changeUserMetadata(account, id, change) {
      const row = assets.get(id)
      if (row?.asset.account !== account || row.deletedAt !== undefined) return false
      row.asset.userMetadata = applyChange(row.asset.userMetadata, change)
      return true
    },

    async deleteAsset(account, id, reason, now) {
      const row = assets.get(id)
      if (row?.asset.account !== account || row.deletedAt !== undefined) return false
      row.deletedAt = now
      for (const candidate of uploads.values()) {
        const active = candidate.upload.assetId === id && candidate.upload.state === 'active'
        if (active) end(candidate, 'failed', reason, now)
      }
      return true
    },

    async listDeletedAssets(before, limit, skip = 0) {
      return [...assets.values()]
        .filter(({ deletedAt }) => deletedAt !== undefined && deletedAt < before)
        .sort((a, b) => a.deletedAt! - b.deletedAt!)
        .slice(skip, skip + limit)
        .map(({ asset }) => ({ ...asset }))
    },

    async purgeAsset(id) {
      if (assets.get(id)?.deletedAt === undefined) return
      assets.delete(id)
      for (const { upload } of [...uploads.values()]) {
        if (upload.assetId === id && upload.state === 'completed') uploads.delete(upload.id)
      }
    },

    async claimAsset(now, leaseMs) {
      for (const row of assets.values()) {
        const waiting = row.asset.state === 'processing' && row.asset.object
        if (!waiting || row.deletedAt !== undefined || row.leasedUntil > now) continue
        row.leasedUntil = now + leaseMs
        return { ...row.asset }
      }
      return undefined
    },

    async finishAsset(id, result) {
      const asset = assets.get(id)?.asset
      if (asset?.state === 'processing') Object.assign(asset, result)
    },

    async createKey(key) {
      keys.set(key.id, { ...key })
    },
    async findKey(id) {
      const key = keys.get(id)
      return key && { ...key }
    },
    async listKeys() {
      return [...keys.values()].sort((a, b) => a.createdAt - b.createdAt).map((key) => ({ ...key }))
    },
    async revokeKey(id, now) {
      const key = keys.get(id)
      if (!key || key.revokedAt !== undefined) return false
      key.revokedAt = now
      return true
    },

    async ping() {},
    async close() {},
  }
}
