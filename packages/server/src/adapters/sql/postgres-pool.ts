import type { PostgresPool, PostgresPoolClient } from 'kysely'
import {
  type ClientBase,
  Pool,
  type PoolClient,
  type PoolConfig,
  type QueryConfig,
  types,
} from 'pg'
import { ConnectionError, endsConnection } from './postgres-errors.ts'

/** How long a caller waits for a connection: for a free one, or for the server to take a new one. */
const CONNECT_TIMEOUT_MS = 5000

/**
 * A new connection costs more than the transaction it is for: a process of the server, the password, our
 * settings, empty caches. The ten seconds of node-postgres would have that paid after every short pause.
 */
const IDLE_TIMEOUT_MS = 300_000

/** What is between us and the server forgets connections that are silent for a few minutes. */
const KEEP_ALIVE_MS = 60_000

/** Every question has an answer in milliseconds; one that takes this long has met something broken. */
const STATEMENT_TIMEOUT_MS = 10_000

/** No transaction holds a row longer than a few statements. */
const LOCK_TIMEOUT_MS = 5000

/** The longest pause inside a transaction; then the server frees what a stalled program holds. */
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000

/** When a server does not answer at all, not even with its own timeout. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2000

const INT8: number = types.builtins.INT8

export interface PoolOptions {
  /** `postgres://…`; holds the password, and is never to be shown. */
  url: string
  /** Most connections at once. */
  size: number
  /** May take as long as it likes: migrations. @default false */
  unhurried?: boolean
}

/**
 * node-postgres' pool in the form Kysely knows. Of every connection that breaks it says, in a
 * {@link ConnectionError}, whether something may have been applied.
 */
export function createPool({ url, size, unhurried = false }: PoolOptions): PostgresPool {
  const { address, limits } = withoutLimits(url, unhurried)
  const pool = new Pool({
    ...{ connectionString: address, max: size, application_name: 'partway' },
    ...{ keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS },
    // A program that has nothing else to do ends; it need not wait for its idle connections.
    allowExitOnIdle: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    types: { getTypeParser: parserOf },
    ...(unhurried ? {} : { query_timeout: ANSWER_TIMEOUT_MS }),
    onConnect: (client) => limit(client, limits),
  })
  // A connection that breaks while nobody uses it is replaced, and one in use tells its user;
  // without listeners either would end the program.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return {
    options: {},
    end: () => pool.end(),
    connect: async () => {
      try {
        return watched(await pool.connect())
      } catch (error) {
        throw new ConnectionError(error, false)
      }
    },
  }
}

/** Names and values of settings of a session. */
type Limits = Record<string, string>

/** The limits of a session, where the URL does not set others, and the URL without them. */
function withoutLimits(url: string, unhurried: boolean): { address: string; limits: Limits } {
  const limits: Limits = {
    lock_timeout: String(LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(IDLE_TRANSACTION_TIMEOUT_MS),
    ...(unhurried ? {} : { statement_timeout: String(STATEMENT_TIMEOUT_MS) }),
  }
  const address = new URL(url)
  for (const name of ['statement_timeout', ...Object.keys(limits)]) {
    const own = address.searchParams.get(name)
    if (own === null) continue
    limits[name] = own
    address.searchParams.delete(name)
  }
  return { address: address.href, limits }
}

/**
 * Before anything else is asked, and not at the start of a connection: there pgbouncer refuses them, or
 * leaves them out without a word. https://www.pgbouncer.org/config.html#ignore_startup_parameters
 */
async function limit(client: ClientBase, limits: Limits): Promise<void> {
  const names = Object.keys(limits)
  const settings = names.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, false)`)
  const text = `select ${settings.join(', ')}`
  const values = names.flatMap((name) => [name, limits[name]])
  await client.query({ text, values, query_timeout: CONNECT_TIMEOUT_MS } as QueryConfig)
}

/** Counts, sizes and times are below 2^53, and numbers everywhere else. */
const parserOf: NonNullable<PoolConfig['types']>['getTypeParser'] = (
  oid: number,
  format?: 'text' | 'binary',
) => (oid === INT8 && format !== 'binary' ? Number : types.getTypeParser(oid, format as 'text'))

/** Says nothing that could be applied: reads, and beginnings. */
const CHANGES_NOTHING = /^(select|begin|start transaction)\b/i

/** A connection that remembers what it was last asked. */
function watched(client: PoolClient): PostgresPoolClient {
  let inTransaction = false
  let broken: ConnectionError | undefined

  async function query(sql: string, parameters: readonly unknown[] = []) {
    // Also what is asked afterwards, such as a rollback, has the outcome of what broke.
    if (broken) throw broken
    const applies = inTransaction ? sql === 'commit' : !CHANGES_NOTHING.test(sql)
    try {
      const result = await client.query(sql, parameters.map(storable))
      if (/^(begin|start transaction)\b/.test(sql)) inTransaction = true
      else if (sql === 'commit' || sql === 'rollback') inTransaction = false
      return result
    } catch (error) {
      if (!endsConnection(error)) throw error
      broken = new ConnectionError(error, applies)
      throw broken
    }
  }

  return {
    // Cursors, the other form, are for streaming, and nothing streams.
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy || broken !== undefined),
  }
}

/**
 * PostgreSQL keeps no NUL in texts. The API lets none in; where one gets here all the same, it becomes
 * U+FFFD, as broken Unicode does.
 */
function storable(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0')
    ? value.replaceAll('\0', '\ufffd')
    : value
}
