import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import type {} from './engine-postgres.ts'

const postgres = inject('postgres')

/** Without PostgreSQL its tests are skipped by name, but not in CI: there they fail. */
export const skipsPostgres = 'missing' in postgres && !process.env.CI

/** What a test is called: with the reason, if it is skipped. */
export const onPostgres =
  'missing' in postgres ? `on PostgreSQL (${postgres.missing})` : 'on PostgreSQL'

export interface TestDatabase extends AsyncDisposable {
  url: string
  /** Rows of a statement, as the administrator. */
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>
}

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
    async [Symbol.asyncDispose]() {
      await asAdmin(postgres.url, `drop database ${name} with (force)`)
    },
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
