import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { expectUploadsSurvive } from '../support/outage.ts'
import { onPostgres, skipsPostgres } from '../support/postgres.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'

const skips = skipsPostgres || s3Missing !== undefined

describe.skipIf(skips)(`uploads by way of two servers ${onPostgres} go on`, () => {
  let database: PostgresServer
  beforeAll(async () => {
    database = await startPostgres()
  })
  afterAll(() => database?.[Symbol.asyncDispose]())

  it('when PostgreSQL is restarted', async () => {
    await using bucket = await createBucket()
    await expectUploadsSurvive({
      env: sharedEnv(await database.create(), bucket),
      fault: () => database.restart(),
    })
  })

  it('when PostgreSQL is killed with -9 and started again three seconds later', async () => {
    await using bucket = await createBucket()
    await expectUploadsSurvive({
      env: sharedEnv(await database.create(), bucket),
      refused: ['read', 'create', 'report', 'ready'],
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
      refused: ['read', 'create', 'report', 'ready'],
      // Twelve seconds for an answer of the database; who creates looks once more what became of it.
      slowestMs: 18_000,
      async fault() {
        database.signal('SIGSTOP')
        await sleep(15_000)
        database.signal('SIGCONT')
      },
    })
  })
})
