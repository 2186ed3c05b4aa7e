import type { Kysely } from 'kysely'
import type { KeyRecords } from '../../core/ports.ts'
import { keyOf } from './rows.ts'
import type { Database } from './schema.ts'

export function keyRecords(db: Kysely<Database>): KeyRecords {
  return {
    async createKey(key) {
      await db
        .insertInto('apiKeys')
        .values({ ...key, revokedAt: key.revokedAt ?? null })
        .execute()
    },

    async findKey(id) {
      const row = await db.selectFrom('apiKeys').selectAll().where('id', '=', id).executeTakeFirst()
      return row && keyOf(row)
    },

    async listKeys() {
      const rows = await db.selectFrom('apiKeys').selectAll().orderBy('createdAt').execute()
      return rows.map(keyOf)
    },

    async revokeKey(id, now) {
      const revoked = await db
        .updateTable('apiKeys')
        .set({ revokedAt: now })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst()
      return revoked.numUpdatedRows > 0n
    },
  }
}
