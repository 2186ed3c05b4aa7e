import { describe, expect, it } from 'vitest'
import { upTo } from '../contract/samples.ts'
import { bucketContent } from '../support/installations.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'
import { startServers } from '../support/servers.ts'

const EAGER = { PARTWAY_GRACE_PERIOD: '0s', PARTWAY_SWEEP_INTERVAL: '100ms' }
const SOON = { timeout: 30_000, interval: 100 }
const skips = skipsPostgres || s3Missing !== undefined

/** Two servers on a database and a bucket of their own, with loops that hardly rest. */
async function createWorld(settings: Record<string, string>) {
  const database = await createDatabase()
  const bucket = await createBucket()
  const env = { ...sharedEnv(database.url, bucket), ...EAGER, ...settings }
  const servers = await startServers({ env })
  const place = (i: number) => servers.places[i % 2]!
  return {
    ...{ database, place },
    kept: () => bucketContent(bucket),
    /** Uploads `bytes`, through both servers. */
    async upload(bytes: Uint8Array<ArrayBuffer>, i: number) {
      const { session, proofs } = await sendAll(place(i).api, bytes)
      const { url } = await place(i + 1).api.report(session.upload_id, proofs)
      return { id: session.asset_id, url: url!, digest: sha256(bytes) }
    },
    log: () => servers.places.map(({ log }) => log()).join(''),
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]()
      await bucket[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

describe.skipIf(skips)(`the loops of two servers ${onPostgres} and one bucket`, () => {
  it('process each asset once', async () => {
    await using world = await createWorld({})

    await Promise.all(upTo(16).map((i) => world.upload(randomVideo(1000 + i), i)))

    const waiting = () => world.database.query('select id from assets where waiting = 1')
    await expect.poll(waiting, SOON).toEqual([])
    const attempts = 'select attempts, count(*)::int from assets group by attempts'
    expect(await world.database.query(attempts)).toEqual([{ attempts: 1, count: 16 }])
    expect(world.log()).not.toContain('"level":50')
  })

  it('free what has expired and nothing else, also of uploads that end just then', async () => {
    await using world = await createWorld({ PARTWAY_UPLOAD_TTL: '10s' })
    const started = performance.now()
    const late: Promise<unknown>[] = []
    const kept: Promise<{ id: string; url: string; digest: string }>[] = []

    // Some are left alone, some complete in time, and some in the moment in which they expire.
    for (const i of upTo(10)) {
      await sendAll(world.place(i).api, randomVideo(1000 + i))
      kept.push(world.upload(randomVideo(2000 + i), i))
      const { session, proofs } = await sendAll(world.place(i).api, randomVideo(3000 + i))
      const wait = 9900 + 20 * i
      late.push(
        new Promise((resolve) => setTimeout(resolve, wait)).then(() =>
          world
            .place(i)
            .api.request('POST', `/assets/multipart-uploads/${session.upload_id}`, {
              completed_chunks: proofs,
            })
            .then(({ status }) => expect(status).toBeOneOf([200, 400])),
        ),
      )
    }
    const assets = await Promise.all(kept)
    await Promise.all(late)
    expect(performance.now() - started).toBeGreaterThan(9900)

    const open = `select id from uploads where state = 'active' or (state <> 'completed' and freed = 0)`
    await expect.poll(() => world.database.query(open), SOON).toEqual([])
    const completed = await world.database.query<{ asset_id: string }>(
      `select asset_id from uploads where state = 'completed'`,
    )
    const { objects, uploads } = await world.kept()
    expect(uploads).toBe(0)
    expect(objects.toSorted()).toEqual(completed.map(({ asset_id }) => asset_id).toSorted())
    for (const { id, url, digest } of assets) {
      expect(objects).toContain(id)
      expect(await fetchSha256(url)).toBe(digest)
    }
    expect(world.log()).not.toMatch(/"level":50|"status":500/)
  })

  it('free a deleted asset, and leave its neighbours alone', async () => {
    await using world = await createWorld({})
    const assets = await Promise.all(upTo(12).map((i) => world.upload(randomVideo(1000 + i), i)))
    const [gone, kept] = [assets.slice(0, 6), assets.slice(6)]

    const deleted = await Promise.all(
      gone.flatMap(({ id }) =>
        [0, 1].map((i) => world.place(i).api.request('DELETE', `/assets/${id}`)),
      ),
    )

    for (const { status } of deleted) expect(status).toBeOneOf([204, 404])
    const objects = async () => (await world.kept()).objects.toSorted()
    await expect.poll(objects, SOON).toEqual(kept.map(({ id }) => id).toSorted())
    for (const { url, digest } of kept) expect(await fetchSha256(url)).toBe(digest)
    const left = async () => (await world.database.query('select id from assets')).length
    await expect.poll(left, SOON).toBe(kept.length)
    expect(world.log()).not.toContain('"status":500')
  })
})
