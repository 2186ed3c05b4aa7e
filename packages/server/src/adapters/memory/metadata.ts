import type { KeyRecords, Metadata } from '../../core/ports.ts'
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
    ...keyRecords(tables),
    async ping() {},
    async close() {},
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
