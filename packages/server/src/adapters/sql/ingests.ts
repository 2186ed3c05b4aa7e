import type { IngestRecords } from '../../core/ports.ts'
import { foldCase } from '../fold-case.ts'
import { lockActive } from './active-uploads.ts'
import { changed } from './changes.ts'
import type { Engine } from './engine.ts'
import { assetRow, renditions, uploadOf, uploadRow } from './rows.ts'

export function ingestRecords({ db, skipsLocked }: Engine): IngestRecords {
  return {
    createIngest: (upload, asset, url) =>
      db.transaction().execute(async (tx) => {
        await tx.insertInto('uploads').values(uploadRow(upload)).execute()
        if (asset) {
          const row = assetRow(asset, upload.updatedAt)
          await tx.insertInto('assets').values(row).execute()
        }
        if (url !== undefined) {
          await tx
            .insertInto('imports')
            .values({ uploadId: upload.id, url, validator: null })
            .execute()
        }
      }),

    planIngest: (uploadId, plan, asset, now, held) =>
      db.transaction().execute(async (tx) => {
        const { totalSize, chunkSize, totalChunks } = plan
        const { filename, type, size } = asset
        if (!(await lockActive(tx, uploadId, held))) return false
        await tx
          .updateTable('uploads')
          .set({ totalSize, chunkSize, totalChunks, filename, type, updatedAt: now })
          .set(changed('uploads', now))
          .where('id', '=', uploadId)
          .execute()
        await tx
          .insertInto('assets')
          .values(assetRow(asset, now))
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet({
              ...{ filename, searchName: foldCase(filename), type, size },
              ...{ ...renditions(asset), ...changed('assets', now) },
            }),
          )
          .execute()
        return true
      }),

    restartIngest: (uploadId, { totalSize, chunkSize, totalChunks, storeRef }, held, now) =>
      db.transaction().execute(async (tx) => {
        if (!(await lockActive(tx, uploadId, held))) return false
        await tx
          .updateTable('uploads')
          .set({ totalSize, chunkSize, totalChunks, storeRef, updatedAt: now })
          .set({ chunksCompleted: 0, uploadedSize: 0, ...changed('uploads', now) })
          .where('id', '=', uploadId)
          .execute()
        await tx.deleteFrom('chunks').where('uploadId', '=', uploadId).execute()
        await tx
          .updateTable('imports')
          .set({ validator: null })
          .where('uploadId', '=', uploadId)
          .execute()
        return true
      }),

    async findIngest(assetId) {
      const row = await db
        .selectFrom('uploads')
        .innerJoin('imports', 'imports.uploadId', 'uploads.id')
        .selectAll('uploads')
        .where('uploads.assetId', '=', assetId)
        .executeTakeFirst()
      return row && uploadOf(row)
    },

    claimImport: (now, leaseMs) =>
      db.transaction().execute(async (tx) => {
        const until = now + leaseMs
        const row = await tx
          .updateTable('imports')
          .set((eb) => ({ leasedUntil: until, attempts: eb('attempts', '+', 1) }))
          .where((eb) =>
            eb(
              'uploadId',
              '=',
              eb
                .selectFrom('imports')
                .select('uploadId')
                .where('leasedUntil', '<=', now)
                .orderBy('leasedUntil')
                .limit(1)
                .$if(skipsLocked, (next) => next.forUpdate().skipLocked()),
            ),
          )
          .where('leasedUntil', '<=', now)
          .returningAll()
          .executeTakeFirst()
        if (!row) return undefined
        const upload = await tx
          .selectFrom('uploads')
          .selectAll()
          .where('id', '=', row.uploadId)
          .executeTakeFirstOrThrow()
        const { url, validator, attempts: attempt } = row
        return {
          ...{ upload: uploadOf(upload), url, validator: validator ?? undefined },
          ...{ until, attempt },
        }
      }),

    async renewImport(uploadId, held, until, { validator, attempt } = {}) {
      const { numUpdatedRows } = await db
        .updateTable('imports')
        .set({
          leasedUntil: until,
          ...(validator === undefined ? {} : { validator }),
          ...(attempt === undefined ? {} : { attempts: attempt }),
        })
        .where('uploadId', '=', uploadId)
        .where('leasedUntil', '=', held)
        .executeTakeFirst()
      return numUpdatedRows > 0
    },
  }
}
