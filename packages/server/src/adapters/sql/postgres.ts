import { setTimeout as wait } from 'node:timers/promises'
import { PartwayError } from '@partway/protocol'
import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import type { Metadata } from '../../core/ports.ts'
import { type CopyTarget, createCopyTarget } from './copy.ts'
import { createSqlMetadata, running } from './metadata.ts'
import { type Migrations, migrate, readMigrations } from './migrate.ts'
import { isRepeatable, reasonOf, translate } from './postgres-errors.ts'
import { createPool, type PoolOptions } from './postgres-pool.ts'
import { repeating } from './repeat.ts'
import type { Database } from './schema.ts'

export type PostgresOptions = Omit<PoolOptions, 'unhurried'>

/**
 * Metadata in a PostgreSQL database that any number of servers share; tested with 15. Brings the
 * database to the current schema.
 *
 * @throws PartwayError `service_unavailable` when it cannot be reached
 */
export async function openPostgresMetadata(options: PostgresOptions): Promise<Metadata> {
  const db = connect(options)
  try {
    await opening(options, async () => {
      if ((await readMigrations(db)).pending.length > 0) await migrateUnhurried(options)
    })
  } catch (error) {
    await db.destroy()
    throw error
  }
  return createSqlMetadata({ db, skipsLocked: true, run })
}

/** Brings a database to the current schema; with `dryRun` it only looks. */
export function migratePostgres(options: PostgresOptions, dryRun: boolean): Promise<Migrations> {
  if (dryRun) return lookIntoPostgres(options, readMigrations)
  return opening(options, () => migrateUnhurried(options))
}

/** Asks a database something without bringing it to any schema. */
export function lookIntoPostgres<T>(
  options: PostgresOptions,
  look: (db: Kysely<Database>) => Promise<T>,
): Promise<T> {
  return opening(options, async () => {
    await using db = connect(options)
    return await look(db)
  })
}

/** To copy into a database that has the current schema already. */
export function openPostgresCopy(options: PostgresOptions): CopyTarget {
  return running(createCopyTarget(connect(options)), { run })
}

/** On a connection of its own: a migration may take longer than any question. */
async function migrateUnhurried(options: PostgresOptions): Promise<Migrations> {
  await using db = connect({ ...options, size: 1, unhurried: true })
  return await migrate(db)
}

function connect(options: PoolOptions): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: createPool(options) }),
    plugins: [new CamelCasePlugin()],
  })
}

async function run<T>(method: () => Promise<T>): Promise<T> {
  try {
    return await repeating(method, { isRepeatable, wait, random: Math.random })
  } catch (error) {
    throw translate(error)
  }
}

/** Whoever starts a server is told why the database cannot be had; clients are not. */
async function opening<T>({ url }: PostgresOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await run(work)
  } catch (error) {
    if (!(error instanceof PartwayError)) throw error
    const { host, pathname } = new URL(url)
    throw new PartwayError(
      error.code,
      `The database ${pathname.slice(1)} at ${host} cannot be used: ${reasonOf(error.cause)}.`,
      { cause: error.cause },
    )
  }
}
