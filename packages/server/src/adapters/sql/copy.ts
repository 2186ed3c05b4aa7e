import { type Kysely, type Selectable, sql } from 'kysely'
import type { Chunk, SealedObject } from '../../core/types.ts'
import { ASSET_FAILED } from '../../core/verdict.ts'
import type { ApiKeysTable, AssetsTable, Database, UploadsTable } from './schema.ts'

// From one database to another, row by row. Rows stay rows: whatever a column means, it means the
// same on both sides.

export interface CopiedAsset {
  asset: Selectable<AssetsTable>
  /** Absent when its upload failed and was forgotten. */
  upload: Selectable<UploadsTable> | undefined
}

export type CopiedKey = Selectable<ApiKeysTable>

/** An upload that is not over. */
export type OpenUpload = Pick<
  Selectable<UploadsTable>,
  'id' | 'account' | 'filename' | 'expiresAt' | 'chunksCompleted' | 'totalChunks'
>

/** Reads a database. Hidden assets, and uploads that failed or expired, are passed over. */
export interface CopySource {
  openUploads(): Promise<OpenUpload[]>
  keys(): Promise<CopiedKey[]>
  /** Ordered by id, those after `after`. */
  assets(after: string, limit: number): Promise<CopiedAsset[]>
  chunks(uploadId: string): Promise<Chunk[]>
  close(): Promise<void>
}

/** @throws PartwayError `service_unavailable` when the database cannot be reached */
export interface CopyTarget {
  /** Adds what is missing; keys that were revoked since become so. */
  addKeys(keys: CopiedKey[]): Promise<void>
  /** Those of these assets that are there, hidden ones included. */
  present(ids: string[]): Promise<Set<string>>
  /** Another one for every database that was made, also for one that is made again under its old name. */
  identity(): Promise<string>
  /** How many assets there are, hidden ones included. */
  count(): Promise<number>
  /** Adds all of an asset, or nothing. `chunks` are those of its upload. */
  add(copied: CopiedAsset, chunks: Chunk[]): Promise<void>
  close(): Promise<void>
}

export function createCopySource(db: Kysely<Database>): CopySource {
  return {
    openUploads: () =>
      db
        .selectFrom('uploads')
        .select(['id', 'account', 'filename', 'expiresAt', 'chunksCompleted', 'totalChunks'])
        .where('state', '=', 'active')
        .orderBy('expiresAt')
        .execute(),

    keys: () => db.selectFrom('apiKeys').selectAll().orderBy('createdAt').execute(),

    async assets(after, limit) {
      const assets = await db
        .selectFrom('assets')
        .selectAll()
        .where('deletedAt', 'is', null)
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute()
      if (assets.length === 0) return []
      const ids = assets.map(({ id }) => id)
      const uploads = await db
        .selectFrom('uploads')
        .selectAll()
        .where('assetId', 'in', ids)
        .where('state', '=', 'completed')
        .execute()
      const byAsset = new Map(uploads.map((upload) => [upload.assetId, upload]))
      return assets.map((asset) => ({ asset, upload: byAsset.get(asset.id) }))
    },

    chunks: (uploadId) =>
      db
        .selectFrom('chunks')
        .select(['index', 'etag', 'size', 'reportedAt'])
        .where('uploadId', '=', uploadId)
        .orderBy('index')
        .execute(),

    close: () => db.destroy(),
  }
}

/** Rows of one statement: PostgreSQL takes 65,535 values, and a chunk has five. */
const CHUNKS_AT_ONCE = 1000

export function createCopyTarget(db: Kysely<Database>): CopyTarget {
  return {
    async addKeys(keys) {
      for (const key of keys) {
        await db
          .insertInto('apiKeys')
          .values(key)
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet((eb) => ({
              revokedAt: eb.fn.coalesce('apiKeys.revokedAt', 'excluded.revokedAt'),
            })),
          )
          .execute()
      }
    },

    async present(ids) {
      if (ids.length === 0) return new Set()
      const rows = await db.selectFrom('assets').select('id').where('id', 'in', ids).execute()
      return new Set(rows.map(({ id }) => id))
    },

    async identity() {
      // When its first tables were made, to the millisecond; a restored backup keeps it.
      const first = sql<{ made: string }>`select min(timestamp) as made from kysely_migration`
      return (await first.execute(db)).rows[0]!.made
    },

    async count() {
      const { total } = await db
        .selectFrom('assets')
        .select((eb) => eb.fn.countAll().as('total'))
        .executeTakeFirstOrThrow()
      return Number(total)
    },

    add: ({ asset, upload }, chunks) =>
      db.transaction().execute(async (tx) => {
        if (upload) {
          const { account, idempotencyKey } = upload
          // In a target that is in use already, the key may be somebody else's by now.
          const taken =
            idempotencyKey !== null &&
            (await tx
              .selectFrom('uploads')
              .select('id')
              .where('account', '=', account)
              .where('idempotencyKey', '=', idempotencyKey)
              .executeTakeFirst()) !== undefined
          const free = taken ? { idempotencyKey: null, idempotencyFingerprint: null } : {}
          await tx
            .insertInto('uploads')
            .values({ ...upload, ...free })
            .execute()
          for (let at = 0; at < chunks.length; at += CHUNKS_AT_ONCE) {
            const rows = chunks.slice(at, at + CHUNKS_AT_ONCE)
            await tx
              .insertInto('chunks')
              .values(rows.map((chunk) => ({ ...chunk, uploadId: upload.id })))
              .execute()
          }
        }
        await tx.insertInto('assets').values(asset).execute()
      }),

    close: () => db.destroy(),
  }
}

/** An asset and its upload with their bytes in another store; nobody works on it yet. */
export function inStore(
  { asset, upload }: CopiedAsset,
  storeRef: string,
  { ref, etag }: SealedObject,
): CopiedAsset {
  return {
    asset: { ...asset, objectRef: ref, objectEtag: etag, leasedUntil: 0 },
    upload: upload && { ...upload, storeRef },
  }
}

/** An asset that never got its bytes, and will not any more if it had not failed before. */
export function withoutBytes({ asset }: CopiedAsset, reason: string): CopiedAsset {
  if (asset.state === 'failed') return { asset, upload: undefined }
  const hls = asset.hlsState && ({ hlsState: 'error', hlsReason: ASSET_FAILED } as const)
  const thumbnail =
    asset.thumbnailState && ({ thumbnailState: 'error', thumbnailReason: ASSET_FAILED } as const)
  const failed = { ...asset, state: 'failed', reason, waiting: 0, leasedUntil: 0 } as const
  return { asset: { ...failed, ...hls, ...thumbnail }, upload: undefined }
}
