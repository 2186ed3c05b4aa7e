import { type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { MIGRATIONS } from './migrations.ts'
import type { Database } from './schema.ts'

/** Names of migrations, in their order. */
export interface Migrations {
  applied: string[]
  pending: string[]
  /** Of those applied, what a newer version has added and this one need not know. */
  newer: string[]
}

/** At the end of the name of a migration after which programs that do not know it fail or do harm. */
const BREAKING = '!'

/**
 * What was and what is to be applied; changes nothing, not even in an empty database.
 *
 * @throws Error when a newer version of the program has made the database one that this cannot use
 */
export async function readMigrations(db: Kysely<Database>): Promise<Migrations> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const rows = tables.some(({ name }) => name === 'kysely_migration')
    ? (await sql<{ name: string }>`select name from kysely_migration`.execute(db)).rows
    : []
  const applied = rows.map(({ name }) => name).sort()
  const newer = applied.filter((name) => !(name in MIGRATIONS))
  const pending = Object.keys(MIGRATIONS).filter((name) => !applied.includes(name))
  // Who lacks one of ours and has others is of another line than this program.
  const refused = pending.length > 0 ? newer : newer.filter((name) => name.endsWith(BREAKING))
  if (refused.length > 0) {
    throw new Error(
      `The database belongs to a newer version of Partway: this one cannot work with ${refused.join(', ')}. Install that version, or restore a backup made before it`,
    )
  }
  return { applied, pending, newer }
}

/**
 * Brings the database to the current schema; safe to repeat, and for many at once. `pending` is what
 * this call found to do.
 */
export async function migrate(db: Kysely<Database>): Promise<Migrations> {
  const before = await readMigrations(db)
  // The migrator would refuse what a newer version has added.
  if (before.pending.length === 0) return before
  // The migrator names its own tables in snake_case already.
  const migrator = new Migrator({
    db: db.withoutPlugins(),
    provider: { getMigrations: async () => MIGRATIONS },
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
  return before
}
