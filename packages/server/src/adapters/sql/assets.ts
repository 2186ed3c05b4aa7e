import type { Kysely } from 'kysely'
import type { Metadata } from '../../core/ports.ts'
import { assetOf, offsetOf } from './rows.ts'
import type { Database } from './schema.ts'
import { endUploads } from './uploads.ts'

type AssetQueries = Pick<
  Metadata,
  | 'findAsset'
  | 'findSealedAsset'
  | 'listAssets'
  | 'deleteAsset'
  | 'listDeletedAssets'
  | 'purgeAsset'
  | 'claimAsset'
  | 'finishAsset'
>

export function assetQueries(db: Kysely<Database>): AssetQueries {
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

    async listAssets(account, { page, limit }) {
      const mine = db
        .selectFrom('assets')
        .where('account', '=', account)
        .where('deletedAt', 'is', null)
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

    deleteAsset: (account, id, reason, now) =>
      db.transaction().execute(async (tx) => {
        const hidden = await tx
          .updateTable('assets')
          .set({ deletedAt: now })
          .where('id', '=', id)
          .where('account', '=', account)
          .where('deletedAt', 'is', null)
          .executeTakeFirst()
        if (!hidden.numUpdatedRows) return false
        await endUploads(tx, 'failed', reason, now, (eb) => eb('assetId', '=', id))
        return true
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
        const gone = await tx
          .deleteFrom('assets')
          .where('id', '=', id)
          .where('deletedAt', 'is not', null)
          .executeTakeFirst()
        if (!gone.numDeletedRows) return
        await tx
          .deleteFrom('uploads')
          .where('assetId', '=', id)
          .where('state', '=', 'completed')
          .execute()
      }),

    async claimAsset(now, leaseMs) {
      const row = await db
        .updateTable('assets')
        .set({ leasedUntil: now + leaseMs })
        .where((eb) =>
          eb(
            'id',
            '=',
            eb
              .selectFrom('assets')
              .select('id')
              .where('state', '=', 'processing')
              .where('objectRef', 'is not', null)
              .where('deletedAt', 'is', null)
              .where('leasedUntil', '<=', now)
              .orderBy('leasedUntil')
              .limit(1),
          ),
        )
        .where('leasedUntil', '<=', now)
        .returningAll()
        .executeTakeFirst()
      return row && assetOf(row)
    },

    async finishAsset(id, result) {
      await db
        .updateTable('assets')
        .set({
          state: result.state,
          reason: result.state === 'failed' ? result.reason : null,
          mimeType: result.mimeType ?? null,
        })
        .where('id', '=', id)
        .where('state', '=', 'processing')
        .execute()
    },
  }
}
