import type { ChangeRecords, KeyRecords, Metadata } from '../../core/ports.ts'
import { assetRecords } from './assets.ts'
import { ingestRecords } from './ingests.ts'
import type { Tables } from './rows.ts'
import { uploadRecords } from './uploads.ts'

/** `Metadata` in maps: the reference for every other adapter, and the fake of unit tests. */
export function createMemoryMetadata(): Metadata {
  const tables: Tables = {
    uploads: new Map(),
    assets: new Map(),
    imports: new Map(),
    keys: new Map(),
  }
  return {
    ...uploadRecords(tables),
    ...ingestRecords(tables),
    ...assetRecords(tables),
    ...changeRecords(tables),
    ...keyRecords(tables),
    async ping() {},
    async close() {},
  }
}

function changeRecords({ uploads, assets }: Tables): ChangeRecords {
  return {
    async listChanges(account, after, limit) {
      const rows = [
        ...[...uploads.values()].map(({ upload, changedAt }) => ({
          ...{ account: upload.account, kind: 'upload' as const, id: upload.id, at: changedAt },
        })),
        ...[...assets.values()].map(({ asset, changedAt }) => ({
          ...{ account: asset.account, kind: 'asset' as const, id: asset.id, at: changedAt },
        })),
      ]
      return rows
        .filter((row) => row.account === account)
        .filter(({ at, id }) => at > after.at || (at === after.at && id > after.id))
        .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ kind, id, at }) => ({ kind, id, at }))
    },
  }
}

function keyRecords({ keys }: Tables): KeyRecords {
  return {
    async createKey(key) {
      keys.set(key.id, { ...key })
    },
    async createFirstKey(key) {
      if (keys.size > 0) return false
      keys.set(key.id, { ...key })
      return true
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
  }
}
