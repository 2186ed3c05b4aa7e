import { existsSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { PartwayError } from '@partway/protocol'
import {
  CamelCasePlugin,
  Kysely,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
} from 'kysely'
import type { Metadata } from '../../core/ports.ts'
import { type CopySource, createCopySource } from './copy.ts'
import { createSqlMetadata, running } from './metadata.ts'
import { type Migrations, migrate, readMigrations } from './migrate.ts'
import type { Database } from './schema.ts'

/**
 * How long a write waits for another process's. It blocks the event loop, so it is short; a
 * caller that meets a longer one is told to repeat the request.
 */
const BUSY_TIMEOUT_MS = 500

/** Metadata in an SQLite file, made if it does not exist. Commits survive power loss. */
export async function openSqliteMetadata(path: string): Promise<Metadata> {
  const db = openFile(path)
  try {
    await run(() => migrate(db))
  } catch (error) {
    await db.destroy()
    throw error
  }
  return createSqlMetadata({ db, skipsLocked: false, run })
}

/** Brings a file to the current schema; with `dryRun` it only looks, and makes none. */
export async function migrateSqlite(path: string, dryRun: boolean): Promise<Migrations> {
  if (dryRun) return lookIntoSqlite(path, readMigrations)
  await using db = openFile(path)
  return await run(() => migrate(db))
}

/** Asks a file something without changing it; one that is not there is empty. */
export async function lookIntoSqlite<T>(
  path: string,
  look: (db: Kysely<Database>) => Promise<T>,
): Promise<T> {
  const there = existsSync(path)
  await using db = openFile(there ? untouched(path) : ':memory:', there)
  return await run(() => look(db))
}

/** Also a reader makes a log where there is none, and could not remove it; nobody writes then. */
function untouched(path: string): string | URL {
  if (existsSync(`${path}-wal`)) return path
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}

/**
 * To copy from a file that nobody else has open, nor can open until it is closed. With `dryRun` others
 * may have it open, and nothing is changed, not even beside it.
 *
 * @throws Error when it is not there, in use, or of another version
 */
export async function openSqliteCopy(path: string, dryRun: boolean): Promise<CopySource> {
  if (!existsSync(path)) throw new Error(`there is no database at ${path}.`)
  const db = dryRun ? openFile(untouched(path), true) : kyselyOf(openAlone(path))
  try {
    const { pending, newer } = await run(() => readMigrations(db))
    if (newer.length > 0) {
      throw new Error(
        `the database at ${path} is of a newer version: this one does not know ${newer.join(', ')}, and would leave behind what they added. Install that version.`,
      )
    }
    if (pending.length > 0) {
      throw new Error(
        `the database at ${path} is of an older version: it lacks ${pending.join(', ')}. Run \`partway migrate\` with it first.`,
      )
    }
  } catch (error) {
    await db.destroy()
    throw error
  }
  return running(createCopySource(db), { run })
}

/**
 * Takes the lock of the whole file and keeps it. That fails as long as anybody has it open: in WAL mode
 * everyone holds a shared lock all the time. https://www.sqlite.org/pragma.html#pragma_locking_mode
 */
function openAlone(path: string): DatabaseSync {
  const file = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    file.exec('pragma locking_mode = exclusive; begin exclusive; rollback')
  } catch (error) {
    file.close()
    if (codeOf(error) !== BUSY) throw translate(error)
    throw new Error(
      `the database at ${path} is in use. Stop the server first: nothing may change while it is moved.`,
      { cause: error },
    )
  }
  return file
}

function openFile(path: string | URL, readOnly = false): Kysely<Database> {
  const file = new DatabaseSync(path, {
    ...{ timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true, readOnly },
  })
  if (!readOnly) file.exec('pragma journal_mode = wal; pragma synchronous = full')
  return kyselyOf(file)
}

function kyselyOf(file: DatabaseSync): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new SqliteDialect({ database: asSqliteDatabase(file) }),
    plugins: [new CamelCasePlugin()],
  })
}

/** Nothing is repeated: whoever waits here holds up the event loop. */
async function run<T>(method: () => Promise<T>): Promise<T> {
  try {
    return await method()
  } catch (error) {
    throw translate(error)
  }
}

/** Statements kept ready; the program has some forty. */
const MAX_STATEMENTS = 200

/** Node's own SQLite in the form Kysely knows, with prepared statements kept. */
function asSqliteDatabase(file: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => file.close(),
    prepare(sql) {
      const known = statements.get(sql)
      if (known) return known
      if (sql === 'rollback') return rollbackOf(file)
      // Reports of different lengths are different texts, so the number is bounded here.
      if (statements.size >= MAX_STATEMENTS) statements.clear()
      const statement = asSqliteStatement(file.prepare(sql))
      statements.set(sql, statement)
      return statement
    },
  }
}

/**
 * SQLite itself rolls back when a disk is full; a rollback after that would fail and hide why.
 * https://www.sqlite.org/lang_transaction.html section 4
 */
function rollbackOf(file: DatabaseSync): SqliteStatement {
  const rollback = asSqliteStatement(file.prepare('rollback'))
  return {
    ...rollback,
    run: (parameters) =>
      file.isTransaction ? rollback.run(parameters) : { changes: 0, lastInsertRowid: 0 },
  }
}

function asSqliteStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}

// Primary result codes, https://www.sqlite.org/rescode.html
const BUSY = 5
const LOCKED = 6
const READ_ONLY = 8
const IO_ERROR = 10
const FULL = 13
const CANNOT_OPEN = 14
const UNAVAILABLE = new Set([BUSY, LOCKED, READ_ONLY, IO_ERROR, CANNOT_OPEN])

/** The primary result code; `undefined` for what does not come from SQLite. */
function codeOf(error: unknown): number | undefined {
  const extended = (error as { errcode?: unknown } | undefined)?.errcode
  return typeof extended === 'number' ? extended & 0xff : undefined
}

function translate(error: unknown): unknown {
  const code = codeOf(error)
  if (code === undefined) return error
  if (code === FULL) {
    return new PartwayError('storage_full', 'The database has no room. Nothing was changed.', {
      cause: error,
      retryAfter: 30,
    })
  }
  if (!UNAVAILABLE.has(code)) return error
  return new PartwayError(
    'service_unavailable',
    'The database is busy or unreachable. Nothing was changed; repeat the request.',
    { cause: error, retryAfter: 1 },
  )
}
