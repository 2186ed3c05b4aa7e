import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { foldCase } from '../fold-case.ts'

// Partial indexes keep every background question proportional to its answer, however many
// uploads and assets are stored. SQLite and PostgreSQL spell them alike.

const initial: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('uploads')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('asset_id', 'text', (c) => c.notNull())
      .addColumn('filename', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('total_size', 'bigint', (c) => c.notNull())
      .addColumn('chunk_size', 'bigint', (c) => c.notNull())
      .addColumn('total_chunks', 'integer', (c) => c.notNull())
      .addColumn('store_ref', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('chunks_completed', 'integer', (c) => c.notNull())
      .addColumn('uploaded_size', 'bigint', (c) => c.notNull())
      .addColumn('idempotency_key', 'text')
      .addColumn('idempotency_fingerprint', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('freed', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createTable('chunks')
      .addColumn('upload_id', 'text', (c) =>
        c.notNull().references('uploads.id').onDelete('cascade'),
      )
      .addColumn('index', 'integer', (c) => c.notNull())
      .addColumn('etag', 'text', (c) => c.notNull())
      .addColumn('size', 'bigint', (c) => c.notNull())
      .addColumn('reported_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('chunks_pk', ['upload_id', 'index'])
      .execute()
    await db.schema
      .createTable('assets')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('filename', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('reason', 'text')
      .addColumn('size', 'bigint', (c) => c.notNull())
      .addColumn('mime_type', 'text')
      .addColumn('object_ref', 'text')
      .addColumn('object_etag', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('deleted_at', 'bigint')
      .addColumn('leased_until', 'bigint', (c) => c.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createTable('api_keys')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('revoked_at', 'bigint')
      .execute()
    for (const statement of INDEXES) await sql.raw(statement).execute(db)
  },
}

/** How an asset came to be, its key-value pairs, and its name in the form that is searched. */
const assetDetails: Migration = {
  async up(db: Kysely<unknown>) {
    const add = (name: string, fallback: string) =>
      db.schema
        .alterTable('assets')
        .addColumn(name, 'text', (c) => c.notNull().defaultTo(fallback))
        .execute()
    await add('method', 'multipart')
    await add('search_name', '')
    await db.schema.alterTable('assets').addColumn('user_metadata', 'text').execute()
    const assets = db as Kysely<{ assets: { id: string; filename: string; search_name: string } }>
    for (const { id, filename } of await assets
      .selectFrom('assets')
      .select(['id', 'filename'])
      .execute()) {
      await assets
        .updateTable('assets')
        .set({ search_name: foldCase(filename) })
        .where('id', '=', id)
        .execute()
    }
  },
}

/** What is known of the media, what is made of it, and files that we fetch ourselves. */
const media: Migration = {
  async up(db: Kysely<unknown>) {
    const alter = (table: string) => db.schema.alterTable(table)
    await alter('uploads')
      .addColumn('method', 'text', (c) => c.notNull().defaultTo('multipart'))
      .execute()
    await alter('assets').addColumn('duration', 'double precision').execute()
    for (const name of [
      'technical_metadata',
      'hls_state',
      'hls_reason',
      'thumbnail_state',
      'thumbnail_reason',
    ]) {
      await alter('assets').addColumn(name, 'text').execute()
    }
    for (const [name, fallback] of [
      ['waiting', 1],
      ['attempts', 0],
    ] as const) {
      await alter('assets')
        .addColumn(name, 'integer', (c) => c.notNull().defaultTo(fallback))
        .execute()
    }
    await db.schema
      .createTable('imports')
      .addColumn('upload_id', 'text', (c) =>
        c.primaryKey().references('uploads.id').onDelete('cascade'),
      )
      .addColumn('url', 'text', (c) => c.notNull())
      .addColumn('validator', 'text')
      .addColumn('leased_until', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('attempts', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    for (const statement of MEDIA_STATEMENTS) await sql.raw(statement).execute(db)
  },
}

/** When uploads and assets last changed, for those who watch them. */
const changes: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ['uploads', 'assets']) {
      await db.schema
        .alterTable(table)
        .addColumn('changed_at', 'bigint', (c) => c.notNull().defaultTo(0))
        .execute()
      // With the id, so that the question is answered by the index alone.
      await sql
        .raw(`create index ${table}_changed on ${table} (account, changed_at, id)`)
        .execute(db)
    }
  },
}

const MEDIA_STATEMENTS = [
  `update assets set waiting = 0 where state <> 'processing'`,
  `drop index assets_waiting`,
  `create index assets_waiting on assets (leased_until)
     where waiting = 1 and object_ref is not null and deleted_at is null`,
  `drop index uploads_incomplete`,
  `create index uploads_incomplete on uploads (account, created_at desc, id desc)
     where method = 'multipart' and state <> 'completed'`,
  `create index imports_waiting on imports (leased_until)`,
]

const INDEXES = [
  `create index uploads_incomplete on uploads (account, created_at desc, id desc)
     where state <> 'completed'`,
  `create unique index uploads_idempotency on uploads (account, idempotency_key)
     where idempotency_key is not null`,
  `create index uploads_by_asset on uploads (asset_id)`,
  `create index uploads_due on uploads (expires_at) where state = 'active'`,
  `create index uploads_unsealed on uploads (updated_at)
     where state = 'active' and chunks_completed = total_chunks`,
  `create index uploads_ended on uploads (freed, updated_at) where state in ('failed', 'expired')`,
  `create index assets_visible on assets (account, created_at desc, id desc)
     where deleted_at is null`,
  `create index assets_deleted on assets (deleted_at) where deleted_at is not null`,
  `create index assets_waiting on assets (leased_until)
     where state = 'processing' and object_ref is not null and deleted_at is null`,
]

/**
 * By name, in the order they are applied. Servers of the version before go on beside them, so they only
 * add; the name of one of which that is not true ends with `!`. See docs/decisions/0010-postgres.md.
 */
export const MIGRATIONS: Record<string, Migration> = {
  '0001_initial': initial,
  '0002_asset_details': assetDetails,
  '0003_media': media,
  '0004_changes': changes,
}
