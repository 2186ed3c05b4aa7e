import { type Kysely, sql } from 'kysely'
import { DatabaseError } from 'pg'
import { clockFinding, type Finding, within } from '../finding.ts'
import { readMigrations } from './migrate.ts'
import { lookIntoPostgres, type PostgresOptions } from './postgres.ts'
import { migrationsFinding, newerFinding, SKIPPED_WITHOUT_DATABASE } from './probe.ts'
import { tlsRemedyOf } from './probe-postgres-tls.ts'
import type { Database } from './schema.ts'

const OLDEST = 13
const DEPENDENT = ['migrations', 'database clock', 'connections']

/** Whether servers could use a database; changes nothing in it. */
export async function probePostgres(options: PostgresOptions): Promise<Finding[]> {
  try {
    const look = (db: Kysely<Database>) => lookAround(db, options)
    return await within(() => lookIntoPostgres({ ...options, size: 2 }, look))
  } catch (error) {
    const found = (error as Error).message
    const remedy = remedyOf(error, options.url)
    return [
      { check: 'database', outcome: 'failed', found, remedy },
      ...DEPENDENT.map((check): Finding => {
        return { check, outcome: 'skipped', found: SKIPPED_WITHOUT_DATABASE }
      }),
    ]
  }
}

/** How to look for the reason, with everything of the address but the password. */
export function remedyOf(error: unknown, url: string): string {
  const { hostname, port, username, pathname } = new URL(url)
  const place = `-h ${hostname} -p ${port || '5432'}`
  const user = decodeURIComponent(username) || 'postgres'
  const database = decodeURIComponent(pathname.slice(1))
  const tls = tlsRemedyOf(causesOf(error), `${hostname}:${port || '5432'}`)
  if (tls) return tls
  const { code } = firstAnswer(error) ?? {}
  if (code === '3D000') return `createdb ${place} -U ${user} ${database}`
  if (code?.startsWith('28')) {
    return `Set the password in PARTWAY_DATABASE_URL, percent-encoded, to one that this takes:\npsql ${place} -U ${user} ${database}`
  }
  if (code === '53300')
    return 'alter system set max_connections = 200;      -- and restart PostgreSQL'
  if (code) return `psql ${place} -U ${user} ${database}`
  return `Start PostgreSQL, or correct host and port in PARTWAY_DATABASE_URL, until this is content:\npg_isready ${place}`
}

const firstAnswer = (error: unknown): DatabaseError | undefined =>
  causesOf(error).find((cause) => cause instanceof DatabaseError)

/** An error and what it says to be its cause, and so on. */
function causesOf(error: unknown): Error[] {
  const all: Error[] = []
  for (let at = error; at instanceof Error; at = at.cause) all.push(at)
  return all
}

interface Answer {
  version: string
  major: number
  readOnly: boolean
  now: number
  user: string
  place: string
  schema: string | null
  mayCreate: boolean | null
  most: number
  reserved: number
  others: number
}

// Of the sessions of others an ordinary role sees no kind; those of the server itself have no user.
const QUESTION = sql<Answer>`select
  current_setting('server_version') as version,
  current_setting('server_version_num')::int / 10000 as major,
  current_setting('transaction_read_only') = 'on' as read_only,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as now,
  current_user::text as user,
  current_database()::text as place,
  current_schema()::text as schema,
  has_schema_privilege(current_schema(), 'create') as may_create,
  current_setting('max_connections')::int as most,
  current_setting('superuser_reserved_connections')::int as reserved,
  (select count(*)::int from pg_stat_activity
    where coalesce(backend_type, 'client backend') = 'client backend' and datid is not null
      and usesysid is not null and application_name <> 'partway') as others`

async function lookAround(
  db: Kysely<Database>,
  { url, size }: PostgresOptions,
): Promise<Finding[]> {
  // The first question also takes the time of connecting.
  await sql`select 1`.execute(db)
  const asked = Date.now()
  const answer = (await QUESTION.execute(db)).rows[0]!
  const here = (asked + Date.now()) / 2
  const { host } = new URL(url)
  return [
    databaseFinding(answer, host, await keepsSessions(db)),
    await readMigrations(db)
      .then(migrationsFinding, newerFinding)
      .then((finding) => withRights(finding, answer)),
    clockFinding('database clock', answer.now - here, host),
    connectionsFinding(answer, size),
  ]
}

/** Whether two connections are two sessions, also while neither is in a transaction. */
async function keepsSessions(db: Kysely<Database>): Promise<boolean> {
  const session = sql<{ pid: number }>`select pg_backend_pid() as pid`
  const pidOf = async (one: Kysely<Database>) => (await session.execute(one)).rows[0]!.pid
  return db.connection().execute(async (one) => {
    const first = await pidOf(one)
    return db.transaction().execute(async (other) => {
      const second = await pidOf(other)
      return first !== second && first === (await pidOf(one))
    })
  })
}

function databaseFinding(
  { version, major, readOnly, place }: Answer,
  host: string,
  hasSessions: boolean,
): Finding {
  const check = 'database'
  const found = `PostgreSQL ${version}, ${place} at ${host}`
  if (major < OLDEST) {
    const remedy = `Upgrade PostgreSQL to ${OLDEST} or later: pg_upgrade.`
    return { check, outcome: 'failed', found: `${found}: too old`, remedy }
  }
  if (readOnly) {
    const remedy = 'Set the host in PARTWAY_DATABASE_URL to the server that takes writes.'
    return { check, outcome: 'failed', found: `${found}: takes no writes, a standby`, remedy }
  }
  if (!hasSessions) {
    const remedy =
      'pool_mode = session      # in pgbouncer.ini; or connect to PostgreSQL without a pooler'
    const behind = `${found}, behind a pooler that keeps no sessions: limits and locks fail`
    return { check, outcome: 'warning', found: behind, remedy }
  }
  return { check, outcome: 'ok', found }
}

/** Since PostgreSQL 15, only the owner of a database may make tables in it. */
function withRights(finding: Finding, { schema, mayCreate, user }: Answer): Finding {
  if (finding.outcome !== 'warning' || mayCreate) return finding
  const name = JSON.stringify(schema ?? 'public')
  const remedy = `grant create, usage on schema ${name} to ${JSON.stringify(user)};      -- in psql, as the owner`
  const found = `${finding.found}, but ${user} may make no tables`
  return { check: finding.check, outcome: 'failed', found, remedy }
}

function connectionsFinding({ most, reserved, others }: Answer, pool: number): Finding {
  const check = 'connections'
  const free = Math.max(0, most - reserved - others)
  const servers = Math.floor(free / pool)
  const found = `${free} of ${most} are there for Partway, enough for ${servers} server${servers === 1 ? '' : 's'} with up to ${pool}`
  if (servers > 0) return { check, outcome: 'ok', found }
  const remedy = `export PARTWAY_DATABASE_POOL=${Math.max(1, Math.floor(free / 2))}      # or: alter system set max_connections = ${most + pool * 2};`
  return { check, outcome: 'warning', found, remedy }
}
