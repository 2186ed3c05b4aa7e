import type { Kysely } from 'kysely'
import type { Metadata } from '../../core/ports.ts'
import { keyOf } from './rows.ts'
import type { Database } from './schema.ts'

type KeyQueries = Pick<Metadata, 'createKey' | 'findKey' | 'listKeys' | 'revokeKey'>

export function keyQueries(db: Kysely<Database>): KeyQueries {
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
