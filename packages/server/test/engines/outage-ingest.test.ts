import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Ceph, startCeph } from '../support/ceph.ts'
import { expectIngestSurvives } from '../support/outage-ingest.ts'
import { createDatabase, skipsPostgres } from '../support/postgres.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'

const skips = skipsPostgres || s3Missing !== undefined

describe.skipIf(skips)(
  'a form that is sent and a URL that is fetched come whole or not at all',
  () => {
    let database: PostgresServer
    let ceph: Ceph
    beforeAll(async () => {
      ;[database, ceph] = await Promise.all([startPostgres(), startCeph()])
    }, 240_000)
    afterAll(async () => {
      await database?.[Symbol.asyncDispose]()
      await ceph?.[Symbol.asyncDispose]()
    })

    it('when PostgreSQL is restarted', async () => {
      await using bucket = await createBucket()
      const env = sharedEnv(await database.create(), bucket)
      await expectIngestSurvives({ env, bucket, down: () => database.restart() })
    })

    it('when PostgreSQL is killed and started again three seconds later', async () => {
      await using bucket = await createBucket()
      const env = sharedEnv(await database.create(), bucket)
      const { kill: down, start: up } = database
      await expectIngestSurvives({ env, bucket, down, up })
    })

    it('when the gateway of Ceph is killed and started again three seconds later', async () => {
      await using own = await createDatabase()
      await using bucket = await createBucket(ceph)
      const env = sharedEnv(own.url, bucket, ceph)
      const { kill, start: up } = ceph.rgw
      await expectIngestSurvives({ env, bucket, down: () => kill(), up })
    })
  },
)
