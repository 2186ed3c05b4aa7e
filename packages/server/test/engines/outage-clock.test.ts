import { describe, expect, it } from 'vitest'
import { clockOff, faketimeMissing, skipsFaketime } from '../support/faketime.ts'
import { expectUploadsSurvive } from '../support/outage.ts'
import { createDatabase, skipsPostgres } from '../support/postgres.ts'
import { proofOf, putChunk } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'
import { startServers } from '../support/servers.ts'

const skips = skipsPostgres || s3Missing !== undefined || skipsFaketime
const why = faketimeMissing ? ` (${faketimeMissing})` : ''
/** By the clock of its server, a URL of one that is late has ended before it begins. */
const SHORT = { PARTWAY_URL_TTL: '2m', PARTWAY_CONTENT_URL_TTL: '2m' }

describe.skipIf(skips)(`the clocks of servers on one database and one bucket${why}`, () => {
  it('may be ten minutes off, one early and one late: uploads arrive all the same', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    await expectUploadsSurvive({
      env: { ...sharedEnv(database.url, bucket), ...SHORT },
      each: [clockOff('+10m'), clockOff('-10m')],
      fault: async ([early, late]) => {
        const times = await Promise.all(
          [early!, late!].map(async ({ url }) =>
            Date.parse((await fetch(`${url}/health`)).headers.get('date')!),
          ),
        )
        expect((times[0]! - times[1]!) / 60_000).toBeCloseTo(20, 0)
      },
    })
  })

  it.each(['+10m', '-10m'])(
    'may be off by %s also when the first thing asked is a URL',
    async (by) => {
      await using database = await createDatabase()
      await using bucket = await createBucket()
      const env = { ...sharedEnv(database.url, bucket), PARTWAY_URL_TTL: '1m' }
      await using right = await startServers({ env, each: [{}] })
      const bytes = randomVideo(1000)
      const { upload_id: id } = await right.places[0]!.api.create(bytes.byteLength)
      await using wrong = await startServers({ env, each: [clockOff(by)] })
      const { api } = wrong.places[0]!

      const { upload_urls: urls } = await api.presign(id, 1, 1)
      const { status, etag } = await putChunk(urls[0]!.url, bytes)

      expect(status).toBe(200)
      const { url } = await api.report(id, [proofOf(1, etag!, bytes)])
      expect(await fetchSha256(url!)).toBe(sha256(bytes))
    },
  )
})
