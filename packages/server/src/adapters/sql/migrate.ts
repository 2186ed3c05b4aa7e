import { type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { MIGRATIONS } from './migrations.ts'
import type { Database } from './schema.ts'

/** Names of migrations, in their order. */
export interface Migrations {
  applied: string[]
  pending: string[]
}

/**
 * What was and what is to be applied; changes nothing, not even in an empty database.
 *
 * @throws Error when the database was used by a newer version of the program
 */
export async function readMigrations(db: Kysely<Database>): Promise<Migrations> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  const applied = tables.some(({ name }) => name === 'kysely_migration')
    ? (await sql<{ name: string }>`select name from kysely_migration`.execute(db)).rows
    : []
  const names = applied.map(({ name }) => name).sort()
  const unknown = names.filter((name) => !(name in MIGRATIONS))
  if (unknown.length > 0) {
    throw new Error(
      `The database belongs to a newer version of Partway: this one does not know ${unknown.join(', ')}. Install that version, or restore a backup made before it`,
    )
  }
  return {
    applied: names,
    pending: Object.keys(MIGRATIONS).filter((name) => !names.includes(name)),
  }
}

/**
 * Brings the database to the current schema; safe to repeat, and for many at once. `pending` is what
 * this call found to do.
 */
export async function migrate(db: Kysely<Database>): Promise<Migrations> {
  const before = await readMigrations(db)
  // The migrator names its own tables in snake_case already.
  const migrator = new Migrator({
    db: db.withoutPlugins(),
    provider: { getMigrations: async () => MIGRATIONS },
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
  return before
}
