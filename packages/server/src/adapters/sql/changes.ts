import { sql } from 'kysely'
import type { ChangeRecords } from '../../core/ports.ts'
import type { Engine } from './engine.ts'

/**
 * What every write sets that a client can see. Later than before also where clocks differ or two
 * writes share a millisecond, so that a change never hides behind the one before.
 */
export const changed = (table: 'uploads' | 'assets', now: number) => ({
  changedAt: sql<number>`case when ${sql.ref(`${table}.changedAt`)} < ${now} then ${now}
    else ${sql.ref(`${table}.changedAt`)} + 1 end`,
})

export function changeRecords({ db }: Engine): ChangeRecords {
  return {
    async listChanges(account, { at, id }, limit) {
      const after = async (table: 'uploads' | 'assets', kind: 'upload' | 'asset') => {
        const rows = await db
          .selectFrom(table)
          .select(['id', 'changedAt'])
          .where('account', '=', account)
          // The first condition is what SQLite's index starts from.
          .where('changedAt', '>=', at)
          .where((eb) => eb.or([eb('changedAt', '>', at), eb('id', '>', id)]))
          .orderBy('changedAt')
          .orderBy('id')
          .limit(limit)
          .execute()
        return rows.map((row) => ({ kind, id: row.id, at: row.changedAt }))
      }
      const changes = [...(await after('uploads', 'upload')), ...(await after('assets', 'asset'))]
      return changes.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1)).slice(0, limit)
    },
  }
}
