import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectUploadsSurvive } from '../support/outage.ts'
import { onPostgres, skipsPostgres } from '../support/postgres.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'

const skips = skipsPostgres || s3Missing !== undefined

/** Since when PostgreSQL runs, and how many connections our servers have to it. */
async function stateOf(url: string): Promise<{ since: string; sessions: number }> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(
      `select pg_postmaster_start_time()::text as since, count(*)::int as sessions
         from pg_stat_activity
         where application_name = 'partway' and datname = current_database()`,
    )
    return rows[0]
  } finally {
    await client.end()
  }
}

describe.skipIf(skips)(`uploads by way of two servers ${onPostgres} go on`, () => {
  let database: PostgresServer
  beforeAll(async () => {
    database = await startPostgres()
  })
  afterAll(() => database?.[Symbol.asyncDispose]())

  it('when PostgreSQL is restarted', async () => {
    await using bucket = await createBucket()
    const url = await database.create()
    await expectUploadsSurvive({
      env: sharedEnv(url, bucket),
      async fault() {
        const before = await stateOf(url)
        await database.restart()
        // All the connections of before were broken, and all that is done since has others.
        expect(before.sessions).toBeGreaterThan(0)
        expect((await stateOf(url)).since).not.toBe(before.since)
      },
    })
  })

  it('when PostgreSQL is killed with -9 and started again three seconds later', async () => {
    await using bucket = await createBucket()
    await expectUploadsSurvive({
      env: sharedEnv(await database.create(), bucket),
      refused: ['read', 'create', 'presign', 'report', 'unsent', 'ready'],
      async fault() {
        await database.kill()
        await sleep(3000)
        await database.start()
      },
    })
  })

  it('when PostgreSQL stands still for fifteen seconds, and requests are refused in time', async () => {
    await using bucket = await createBucket()
    await expectUploadsSurvive({
      env: sharedEnv(await database.create(), bucket),
      refused: ['read', 'create', 'presign', 'report', 'unsent', 'ready'],
      // Five seconds for a connection, and twelve for an answer.
      slowestMs: 18_000,
      async fault() {
        database.signal('SIGSTOP')
        await sleep(15_000)
        database.signal('SIGCONT')
      },
    })
  })
})
