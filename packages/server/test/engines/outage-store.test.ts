import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ceph, startCeph } from '../support/ceph.ts'
import { expectUploadsSurvive } from '../support/outage.ts'
import { createDatabase, skipsPostgres } from '../support/postgres.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'

const skips = skipsPostgres || s3Missing !== undefined

describe.skipIf(skips)('uploads by way of two servers to a Ceph of three OSDs go on', () => {
  let ceph: Ceph
  beforeAll(async () => {
    ceph = await startCeph({ osds: 3, objectStore: 'bluestore', copies: 2 })
  }, 240_000)
  afterAll(() => ceph?.[Symbol.asyncDispose]())

  it('when its gateway is killed and started again three seconds later', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket(ceph)
    await expectUploadsSurvive({
      env: sharedEnv(database.url, bucket, ceph),
      refused: ['create', 'unsent', 'ready'],
      async fault() {
        await ceph.rgw.kill()
        await sleep(3000)
        await ceph.rgw.start()
      },
    })
  })

  it('when its gateway stands still for half a minute, and requests are refused in time', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket(ceph)
    await expectUploadsSurvive({
      env: sharedEnv(database.url, bucket, ceph),
      refused: ['create', 'unsent', 'ready'],
      // Each of three tries has five seconds; who waited for the gateway would wait longer.
      slowestMs: 25_000,
      async fault() {
        ceph.rgw.signal('SIGSTOP')
        await sleep(30_000)
        ceph.rgw.signal('SIGCONT')
      },
    })
  })

  it('when one of its OSDs is killed, and started again while they run', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket(ceph)
    const [osd] = ceph.osds
    await expectUploadsSurvive({
      env: sharedEnv(database.url, bucket, ceph),
      slowestMs: 25_000,
      async fault() {
        await osd!.kill()
        await expect.poll(ceph.osdsUp, { timeout: 20_000 }).toBe(2)
        await sleep(2000)
        await osd!.start()
      },
    })
  })
})
