import { type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { UploadRecords } from '../../core/ports.ts'
import { endUploads, isHeld } from './active-uploads.ts'
import { changed } from './changes.ts'
import type { Engine } from './engine.ts'
import { assetRow, offsetOf, uploadOf, uploadRow } from './rows.ts'
import type { Database } from './schema.ts'

/**
 * Every transaction here begins with a write. On SQLite that takes the write lock at once, where
 * a read first could find the database changed under it; on PostgreSQL it locks the row.
 *
 * Rows are locked in one order: uploads, then assets, then imports. And nobody waits for a second
 * upload: whoever takes several passes over those that others hold. So nobody waits in a circle.
 */
export function uploadRecords({ db, skipsLocked }: Engine): UploadRecords {
  return {
    createUpload: (upload, asset, idempotency) =>
      db.transaction().execute(async (tx) => {
        if (idempotency) {
          await tx
            .updateTable('uploads')
            .set({ idempotencyKey: null, idempotencyFingerprint: null })
            .where('account', '=', upload.account)
            .where('idempotencyKey', '=', idempotency.key)
            .where('createdAt', '<', idempotency.since)
            .execute()
        }
        const inserted = await tx
          .insertInto('uploads')
          .values({
            ...uploadRow(upload),
            idempotencyKey: idempotency?.key ?? null,
            idempotencyFingerprint: idempotency?.fingerprint ?? null,
          })
          .onConflict((conflict) =>
            conflict
              .columns(['account', 'idempotencyKey'])
              .where('idempotencyKey', 'is not', null)
              .doNothing(),
          )
          .executeTakeFirst()
        if (inserted.numInsertedOrUpdatedRows) {
          await tx.insertInto('assets').values(assetRow(asset, upload.updatedAt)).execute()
          return { created: true }
        }
        const first = await tx
          .selectFrom('uploads')
          .selectAll()
          .where('account', '=', upload.account)
          .where('idempotencyKey', '=', idempotency!.key)
          .executeTakeFirstOrThrow()
        const fingerprint = first.idempotencyFingerprint ?? ''
        return { created: false, upload: uploadOf(first), fingerprint }
      }),

    async findUpload(account, id) {
      const row = await db
        .selectFrom('uploads')
        .selectAll()
        .where('id', '=', id)
        .where('account', '=', account)
        .executeTakeFirst()
      return row && uploadOf(row)
    },

    async listIncomplete(account, { page, limit }) {
      const mine = db
        .selectFrom('uploads')
        .where('account', '=', account)
        .where('method', '=', 'multipart')
        .where('state', '<>', 'completed')
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
      return { items: rows.map(uploadOf), total: Number(total) }
    },

    listChunks: (uploadId, { from, to }) =>
      db
        .selectFrom('chunks')
        .select(['index', 'etag', 'size', 'reportedAt'])
        .where('uploadId', '=', uploadId)
        .where('index', '>=', from)
        .where('index', '<=', to)
        .orderBy('index')
        .execute(),

    recordChunks: (uploadId, chunks, now, held) =>
      db.transaction().execute(async (tx) => {
        const locked = await tx
          .updateTable('uploads')
          .set({ updatedAt: now, ...changed('uploads', now) })
          .where('id', '=', uploadId)
          .where('state', '=', 'active')
          .returning(['chunksCompleted', 'uploadedSize'])
          .executeTakeFirst()
        if (!locked || !(await isHeld(tx, uploadId, held))) return NOT_RECORDED
        if (chunks.length === 0) return { active: true, added: 0, ...locked }
        const added = await tx
          .insertInto('chunks')
          .values(chunks.map((chunk) => ({ ...chunk, uploadId, reportedAt: now })))
          .onConflict((conflict) => conflict.columns(['uploadId', 'index']).doNothing())
          .returning('size')
          .execute()
        const chunksCompleted = locked.chunksCompleted + added.length
        const uploadedSize = added.reduce((sum, { size }) => sum + size, locked.uploadedSize)
        await tx
          .updateTable('uploads')
          .set({ chunksCompleted, uploadedSize })
          .where('id', '=', uploadId)
          .execute()
        return { active: true, added: added.length, chunksCompleted, uploadedSize }
      }),

    completeUpload: (uploadId, object, now) =>
      db.transaction().execute(async (tx) => {
        const completed = await tx
          .updateTable('uploads')
          .set({ state: 'completed', updatedAt: now, ...changed('uploads', now) })
          .where('id', '=', uploadId)
          .where('state', '=', 'active')
          .whereRef('chunksCompleted', '=', 'totalChunks')
          .returning('assetId')
          .executeTakeFirst()
        if (!completed) return false
        await tx
          .updateTable('assets')
          .set({ objectRef: object.ref, objectEtag: object.etag, ...changed('assets', now) })
          .where('id', '=', completed.assetId)
          .execute()
        await tx.deleteFrom('imports').where('uploadId', '=', uploadId).execute()
        return true
      }),

    failUpload: (uploadId, reason, now) =>
      db.transaction().execute(async (tx) => {
        const failed = await endUploads(tx, 'failed', reason, now, (eb) => eb('id', '=', uploadId))
        return failed.length > 0
      }),

    async listUnsealed(before, limit, skip = 0) {
      const rows = await db
        .selectFrom('uploads')
        .selectAll()
        .where('state', '=', 'active')
        .whereRef('chunksCompleted', '=', 'totalChunks')
        .where('updatedAt', '<=', before)
        .orderBy('updatedAt')
        .limit(limit)
        .offset(skip)
        .execute()
      return rows.map(uploadOf)
    },

    expireUploads: (now, reason, limit) =>
      db.transaction().execute((tx) => {
        const due = tx
          .selectFrom('uploads')
          .select('id')
          .where('state', '=', 'active')
          .where('expiresAt', '<=', now)
          .whereRef('chunksCompleted', '<', 'totalChunks')
          .orderBy('expiresAt')
          .limit(limit)
        return endUploads(tx, 'expired', reason, now, (eb) => eb('id', 'in', once(tx, due)))
      }),

    async listFreeable(before, limit, skip = 0) {
      const rows = await ended(before, 0)
        .selectAll()
        .orderBy('updatedAt')
        .limit(limit)
        .offset(skip)
        .execute()
      return rows.map(uploadOf)
    },

    async markFreed(uploadId) {
      await db.updateTable('uploads').set({ freed: 1 }).where('id', '=', uploadId).execute()
    },

    async purgeUploads(before, limit) {
      const gone = await db
        .deleteFrom('uploads')
        .where(
          'id',
          'in',
          once(db, ended(before, 1).select('id').orderBy('updatedAt').limit(limit)),
        )
        .executeTakeFirst()
      return Number(gone.numDeletedRows)
    },
  }

  /**
   * The rows that `query` takes, looked for once: inside a condition alone, PostgreSQL may look again for
   * every row, and take others each time.
   */
  function once(
    tx: Kysely<Database>,
    query: SelectQueryBuilder<Database, 'uploads', { id: string }>,
  ) {
    return tx
      .with(
        (cte) => cte('taken').materialized(),
        () => query.$if(skipsLocked, (taken) => taken.forUpdate().skipLocked()),
      )
      .selectFrom('taken')
      .select('taken.id')
  }

  function ended(before: number, freed: 0 | 1) {
    return db
      .selectFrom('uploads')
      .where('state', 'in', sql<'failed'>`('failed', 'expired')`)
      .where('freed', '=', freed)
      .where('updatedAt', '<', before)
  }
}

const NOT_RECORDED = { active: false, added: 0, chunksCompleted: 0, uploadedSize: 0 }
