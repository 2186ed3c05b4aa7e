import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject, vi } from 'vitest'
import type {} from './engine-postgres.ts'

const postgres = inject('postgres')

/** Without PostgreSQL its tests are skipped by name, but not in CI: there they fail. */
export const skipsPostgres = 'missing' in postgres && !process.env.CI

/** What a test is called: with the reason, if it is skipped. */
export const onPostgres =
  'missing' in postgres ? `on PostgreSQL (${postgres.missing})` : 'on PostgreSQL'

export interface HeldLock extends AsyncDisposable {
  /** Goes on in the same transaction. */
  query(sql: string): Promise<unknown>
  /** Commits. */
  release(): Promise<void>
}

export interface TestDatabase extends AsyncDisposable {
  url: string
  /** Keeps what a statement locks, in a transaction of its own, until it is released. */
  hold(sql: string): Promise<HeldLock>
  /** Resolves as soon as somebody waits for a lock. */
  waiting(): Promise<void>
  /** Rows of a statement, as the administrator. */
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>
}

/** Generous: the machine may be busy with something else. */
const WAITING_TIMEOUT_MS = 10_000

/** An empty database of one's own, dropped when the test is over: `await using`. */
export async function createDatabase(): Promise<TestDatabase> {
  if ('missing' in postgres) throw new Error(postgres.missing)
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(postgres.url, `create database ${name}`)
  const url = new URL(postgres.url)
  url.pathname = name
  return {
    url: url.href,
    query: (sql, values) => asAdmin(url.href, sql, values),
    hold: (sql) => hold(url.href, sql),
    waiting: () =>
      vi.waitFor(async () => {
        const waiting = await asAdmin(
          url.href,
          `select 1 from pg_stat_activity
             where wait_event_type = 'Lock' and datname = current_database()`,
        )
        if (waiting.length === 0) throw new Error('nobody waits for a lock')
      }, WAITING_TIMEOUT_MS),
    async [Symbol.asyncDispose]() {
      await asAdmin(postgres.url, `drop database ${name} with (force)`)
    },
  }
}

async function hold(url: string, sql: string): Promise<HeldLock> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('begin')
  await client.query(sql)
  let held = true
  const end = async (how: 'commit' | 'rollback') => {
    if (!held) return
    held = false
    try {
      await client.query(how)
    } finally {
      await client.end()
    }
  }
  return {
    query: (more) => client.query(more),
    release: () => end('commit'),
    [Symbol.asyncDispose]: () => end('rollback'),
  }
}

async function asAdmin<Row extends object>(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql, values)).rows
  } finally {
    await client.end()
  }
}
