import { sql } from 'kysely'
import type { KeyRecords } from '../../core/ports.ts'
import type { Engine } from './engine.ts'
import { keyOf } from './rows.ts'

export function keyRecords({ db }: Engine): KeyRecords {
  return {
    async createKey(key) {
      await db
        .insertInto('apiKeys')
        .values({ ...key, revokedAt: key.revokedAt ?? null })
        .execute()
    },

    createFirstKey: ({ id, account, name, hash, createdAt }) =>
      db
        .transaction()
        // On PostgreSQL, of two that both see no key one is rolled back then, and repeated.
        .setIsolationLevel('serializable')
        .execute(async (tx) => {
          const { numInsertedOrUpdatedRows } = await tx
            .insertInto('apiKeys')
            .columns(['id', 'account', 'name', 'hash', 'createdAt'])
            .expression(
              sql`select ${id}, ${account}, ${name}, ${hash}, ${createdAt}
                where not exists (select 1 from api_keys)`,
            )
            .executeTakeFirst()
          return (numInsertedOrUpdatedRows ?? 0n) > 0n
        }),

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
