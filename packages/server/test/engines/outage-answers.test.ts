import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { upTo } from '../contract/samples.ts'
import { freePort } from '../support/free-port.ts'
import { expectUploadsSurvive } from '../support/outage.ts'
import { createDatabase, skipsPostgres } from '../support/postgres.ts'
import { sendAll } from '../support/program-api.ts'
import { randomVideo } from '../support/program-files.ts'
import { startProxy } from '../support/proxy.ts'
import { createBucket, s3Endpoint, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'
import { startServers } from '../support/servers.ts'

const skips = skipsPostgres || s3Missing !== undefined
const FILES = 3

describe.skipIf(skips)('uploads by way of two servers to PostgreSQL and Ceph go on', () => {
  it('when the store does CompleteMultipartUpload, and then is away with its answer', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    /** Of each object, how many more requests get no answer: the other tries, and the look at it. */
    const cuts = new Map<string, number>()
    const objectOf = (url: string) => /objects\/([0-9a-f]{24})/.exec(url)?.[1] ?? ''
    function isAway(url: string): boolean {
      const left = cuts.get(objectOf(url)) ?? 0
      if (left > 0) cuts.set(objectOf(url), left - 1)
      return left > 0
    }
    await using proxy = await startProxy(s3Endpoint(), {
      before: ({ url }) => (isAway(url) ? 'cut' : undefined),
      after({ method, url, status }) {
        if (method !== 'POST' || !url.includes('uploadId=') || cuts.has(objectOf(url))) {
          return undefined
        }
        expect(status).toBe(200)
        cuts.set(objectOf(url), 5)
        return 'cut'
      },
    })
    const env = sharedEnv(database.url, bucket)
    const store = `${env.PARTWAY_STORE_URL}&public_endpoint=${encodeURIComponent(s3Endpoint())}`
    const through = encodeURIComponent(proxy.url)

    await expectUploadsSurvive({
      env: {
        ...env,
        PARTWAY_STORE_URL: store.replace(/endpoint=[^&]+/, `endpoint=${through}`),
      },
      refused: ['report'],
      // The uploads of both probes, and the files.
      fault: () =>
        vi.waitFor(() => expect(cuts.size).toBe(2 + FILES), { timeout: 30_000, interval: 50 }),
    })
  })

  it('when both servers are replaced, one after the other', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    await expectUploadsSurvive({
      env: sharedEnv(database.url, bucket),
      async fault(places) {
        for (const place of places) {
          expect(await place.kill('SIGTERM')).toBe(0)
          await place.start()
        }
      },
    })
  })
})

it.skipIf(skips)(
  'a server starts while the store is away, and says that it is not ready',
  async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    const env = sharedEnv(database.url, bucket)
    const nowhere = encodeURIComponent(`http://127.0.0.1:${await freePort()}`)
    await using servers = await startServers({
      env: {
        ...env,
        PARTWAY_STORE_URL: env.PARTWAY_STORE_URL!.replace(/endpoint=[^&]+/, `endpoint=${nowhere}`),
      },
      each: [{}],
    })
    const { api, url } = servers.places[0]!

    expect((await fetch(`${url}/ready`)).status).toBe(503)
    const asked = { filename: 'film.mp4', type: 'video', total_size: 1000 }
    expect(await api.request('POST', '/assets/multipart-uploads', asked)).toMatchObject({
      ...{ status: 503, body: { code: 'service_unavailable' } },
    })
    expect((await api.assets()).data).toEqual([])
  },
)

describe.skipIf(skips)('a server that is told to stop', () => {
  it('answers every report under way, and then ends with 0', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    const env = sharedEnv(database.url, bucket)
    await using servers = await startServers({ env, each: [{}] })
    const { api, kill, url } = servers.places[0]!
    const uploads = await Promise.all(upTo(20).map((i) => sendAll(api, randomVideo(1000 + i))))
    await using lock = await database.hold('select id from uploads for update')
    const reports = uploads.map(({ session, proofs }) => api.report(session.upload_id, proofs))
    await database.waiting()
    await sleep(300)

    const ended = kill('SIGTERM')
    await expect.poll(() => fetch(`${url}/health`).catch(() => 'refused')).toBe('refused')
    await lock.release()

    for (const { total_completed, url: content } of await Promise.all(reports)) {
      expect({ total_completed, content }).toEqual({
        ...{ total_completed: 1, content: expect.stringContaining('/content/') },
      })
    }
    expect(await ended).toBe(0)
    const completed = `select count(*)::int as count from uploads where state = 'completed'`
    expect(await database.query(completed)).toEqual([{ count: 20 }])
  })
})
