import { sql } from 'kysely'
import type { AssetRecords } from '../../core/ports.ts'
import { applyChange } from '../../core/user-metadata.ts'
import { foldCase } from '../fold-case.ts'
import { endUploads } from './active-uploads.ts'
import { changed } from './changes.ts'
import type { Engine } from './engine.ts'
import { assetOf, changedColumns, offsetOf, userMetadataOf, userMetadataText } from './rows.ts'

export function assetRecords({ db, skipsLocked }: Engine): AssetRecords {
  return {
    async findAsset(account, id) {
      const row = await db
        .selectFrom('assets')
        .selectAll()
        .where('id', '=', id)
        .where('account', '=', account)
        .where('deletedAt', 'is', null)
        .executeTakeFirst()
      return row && assetOf(row)
    },

    async findSealedAsset(id) {
      const row = await db
        .selectFrom('assets')
        .selectAll()
        .where('id', '=', id)
        .where('objectRef', 'is not', null)
        .where('deletedAt', 'is', null)
        .executeTakeFirst()
      return row && assetOf(row)
    },

    async listAssets(account, { page, limit }, { ids, types, filename }) {
      const mine = db
        .selectFrom('assets')
        .where('account', '=', account)
        .where('deletedAt', 'is', null)
        .$if(ids !== undefined, (query) => query.where('id', 'in', ids ?? []))
        .$if(types !== undefined, (query) => query.where('type', 'in', types ?? []))
        .$if(filename !== undefined, (query) =>
          query.where(sql<boolean>`search_name like ${contains(filename ?? '')} escape '\\'`),
        )
      const rows = await mine
        .selectAll()
        .orderBy('createdAt', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .offset(offsetOf({ page, limit }))
        .execute()
      const { total } = await mine
        .select((eb) => eb.fn.countAll().as('total'))
        .executeTakeFirstOrThrow()
      return { items: rows.map(assetOf), total: Number(total) }
    },

    changeUserMetadata: (account, id, change, now) =>
      db.transaction().execute(async (tx) => {
        const mine = tx
          .updateTable('assets')
          .where('id', '=', id)
          .where('account', '=', account)
          .where('deletedAt', 'is', null)
        // Written first, which locks the row: two changes at once must not lose one.
        const row = await mine
          .set((eb) => ({ userMetadata: eb.ref('userMetadata') }))
          .returning('userMetadata')
          .executeTakeFirst()
        if (!row) return false
        const next = applyChange(userMetadataOf(row), change)
        await mine
          .set({ userMetadata: userMetadataText(next), ...changed('assets', now) })
          .execute()
        return true
      }),

    deleteAsset: (account, id, reason, now) =>
      db.transaction().execute(async (tx) => {
        const visible = tx
          .selectFrom('assets')
          .select('id')
          .where('id', '=', id)
          .where('account', '=', account)
          .where('deletedAt', 'is', null)
        // Uploads first, as everywhere: whoever reports or completes at this moment has them first too.
        await endUploads(tx, 'failed', reason, now, (eb) => eb('assetId', 'in', visible))
        const hidden = await tx
          .updateTable('assets')
          .set({ deletedAt: now, ...changed('assets', now) })
          .where('id', '=', id)
          .where('account', '=', account)
          .where('deletedAt', 'is', null)
          .executeTakeFirst()
        return hidden.numUpdatedRows > 0
      }),

    async listDeletedAssets(before, limit, skip = 0) {
      const rows = await db
        .selectFrom('assets')
        .selectAll()
        .where('deletedAt', '<', before)
        .orderBy('deletedAt')
        .limit(limit)
        .offset(skip)
        .execute()
      return rows.map(assetOf)
    },

    purgeAsset: (id) =>
      db.transaction().execute(async (tx) => {
        const hidden = tx
          .selectFrom('assets')
          .select('id')
          .where('id', '=', id)
          .where('deletedAt', 'is not', null)
        await tx
          .deleteFrom('uploads')
          .where('assetId', 'in', hidden)
          .where('state', '=', 'completed')
          .execute()
        await tx
          .deleteFrom('assets')
          .where('id', '=', id)
          .where('deletedAt', 'is not', null)
          .execute()
      }),

    async claimAsset(now, leaseMs) {
      const until = now + leaseMs
      const row = await db
        .updateTable('assets')
        .set((eb) => ({ leasedUntil: until, attempts: eb('attempts', '+', 1) }))
        .where((eb) =>
          eb(
            'id',
            '=',
            eb
              .selectFrom('assets')
              .select('id')
              .where('waiting', '=', 1)
              .where('objectRef', 'is not', null)
              .where('deletedAt', 'is', null)
              .where('leasedUntil', '<=', now)
              .orderBy('leasedUntil')
              .limit(1)
              .$if(skipsLocked, (next) => next.forUpdate().skipLocked()),
          ),
        )
        .where('leasedUntil', '<=', now)
        .returningAll()
        .executeTakeFirst()
      return row && { asset: assetOf(row), until, attempt: row.attempts }
    },

    async renewAsset(id, held, until) {
      const { numUpdatedRows } = await leased(id, held)
        .set({ leasedUntil: until })
        .executeTakeFirst()
      return numUpdatedRows > 0
    },

    async changeAsset(id, held, changes, now) {
      const { numUpdatedRows } = await leased(id, held)
        .set({ ...changedColumns(changes), ...changed('assets', now) })
        .executeTakeFirst()
      return numUpdatedRows > 0
    },

    async releaseAsset(id, held, next) {
      const query = leased(id, held)
      if (next === 'done') await query.set({ waiting: 0 }).execute()
      else {
        await query
          .set((eb) => ({ leasedUntil: next.at, attempts: eb('attempts', '-', 1) }))
          .execute()
      }
    },
  }

  function leased(id: string, held: number) {
    return db
      .updateTable('assets')
      .where('id', '=', id)
      .where('leasedUntil', '=', held)
      .where('waiting', '=', 1)
      .where('deletedAt', 'is', null)
  }
}

/**
 * A LIKE pattern for `text` anywhere; its own wildcards are literal. A NUL, which no name has, would
 * end the pattern on SQLite.
 */
function contains(text: string): string {
  return `%${foldCase(text)
    .replaceAll('\0', '\ufffd')
    .replace(/[\\%_]/g, '\\$&')}%`
}
