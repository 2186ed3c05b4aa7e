import {
  type Expression,
  type ExpressionBuilder,
  type SqlBool,
  sql,
  type Transaction,
} from 'kysely'
import { ASSET_FAILED } from '../../core/verdict.ts'
import { changed } from './changes.ts'
import { uploadOf } from './rows.ts'
import type { Database } from './schema.ts'

// What several methods do with active uploads, inside their transactions.

/** Keeps an active upload, and the lease of an import, as they are until we are done; `false` when either is over. */
export async function lockActive(
  tx: Transaction<Database>,
  uploadId: string,
  held: number | undefined,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('uploads')
    .set((eb) => ({ updatedAt: eb.ref('updatedAt') }))
    .where('id', '=', uploadId)
    .where('state', '=', 'active')
    .executeTakeFirst()
  return numUpdatedRows > 0 && isHeld(tx, uploadId, held)
}

/** Writes, because on PostgreSQL that keeps others from taking the import until we are done. */
export async function isHeld(
  tx: Transaction<Database>,
  uploadId: string,
  held: number | undefined,
): Promise<boolean> {
  if (held === undefined) return true
  const { numUpdatedRows } = await tx
    .updateTable('imports')
    .set({ leasedUntil: held })
    .where('uploadId', '=', uploadId)
    .where('leasedUntil', '=', held)
    .executeTakeFirst()
  return numUpdatedRows > 0
}

/** Ends the active uploads that `which` selects and fails their assets. */
export async function endUploads(
  tx: Transaction<Database>,
  state: 'failed' | 'expired',
  reason: string,
  now: number,
  which: (eb: ExpressionBuilder<Database, 'uploads'>) => Expression<SqlBool>,
) {
  const rows = await tx
    .updateTable('uploads')
    .set({ state, reason, updatedAt: now, ...changed('uploads', now) })
    .where('state', '=', 'active')
    .where(which)
    .returningAll()
    .execute()
  if (rows.length > 0) {
    await tx
      .updateTable('assets')
      .set({ state: 'failed', reason, ...noRenditions, ...changed('assets', now) })
      .where(
        'id',
        'in',
        rows.map(({ assetId }) => assetId),
      )
      .execute()
    await tx
      .deleteFrom('imports')
      .where(
        'uploadId',
        'in',
        rows.map(({ id }) => id),
      )
      .execute()
  }
  return rows.map(uploadOf)
}

/** What was asked to be made of an asset that failed. */
const noRenditions = {
  hlsReason: sql<string | null>`case when hls_state is null then null else ${ASSET_FAILED} end`,
  hlsState: sql<'error' | null>`case when hls_state is null then null else 'error' end`,
  thumbnailReason: sql<
    string | null
  >`case when thumbnail_state is null then null else ${ASSET_FAILED} end`,
  thumbnailState: sql<'error' | null>`case when thumbnail_state is null then null else 'error' end`,
}
