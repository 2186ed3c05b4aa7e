import type { AssetRecords } from '../../core/ports.ts'
import { applyChange } from '../../core/user-metadata.ts'
import { foldCase } from '../fold-case.ts'
import { type AssetRow, endUpload, newestFirst, paged, type Tables, touch } from './rows.ts'

export function assetRecords(tables: Tables): AssetRecords {
  const { uploads, assets } = tables

  /** The asset, if it is still leased to whoever holds `until`. */
  const leased = (id: string, until: number): AssetRow | undefined => {
    const row = assets.get(id)
    const held = row?.leasedUntil === until && row.waiting && row.deletedAt === undefined
    return held ? row : undefined
  }

  return {
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

    async changeUserMetadata(account, id, change, now) {
      const row = assets.get(id)
      if (row?.asset.account !== account || row.deletedAt !== undefined) return false
      row.asset.userMetadata = applyChange(row.asset.userMetadata, change)
      touch(row, now)
      return true
    },

    async deleteAsset(account, id, reason, now) {
      const row = assets.get(id)
      if (row?.asset.account !== account || row.deletedAt !== undefined) return false
      row.deletedAt = now
      touch(row, now)
      for (const candidate of uploads.values()) {
        const active = candidate.upload.assetId === id && candidate.upload.state === 'active'
        if (active) endUpload(tables, candidate, 'failed', reason, now)
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
      const [row] = [...assets.values()]
        .filter(({ asset, waiting, deletedAt }) => asset.object && waiting && !deletedAt)
        .filter(({ leasedUntil }) => leasedUntil <= now)
        .sort((a, b) => a.leasedUntil - b.leasedUntil)
      if (!row) return undefined
      const until = now + leaseMs
      Object.assign(row, { leasedUntil: until, attempts: row.attempts + 1 })
      return { asset: { ...row.asset }, until, attempt: row.attempts }
    },

    async renewAsset(id, held, until) {
      const row = leased(id, held)
      if (row) row.leasedUntil = until
      return row !== undefined
    },

    async changeAsset(id, held, changes, now) {
      const row = leased(id, held)
      if (!row) return false
      Object.assign(row.asset, changes)
      touch(row, now)
      return true
    },

    async releaseAsset(id, held, next) {
      const row = leased(id, held)
      if (!row) return
      if (next === 'done') row.waiting = false
      else Object.assign(row, { leasedUntil: next.at, attempts: row.attempts - 1 })
    },
  }
}
