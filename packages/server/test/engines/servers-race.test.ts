import { setTimeout as sleep } from 'node:timers/promises'
import type { CreateUploadResponse, PresignResponse, ReportResponse } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { upTo } from '../contract/samples.ts'
import { bucketContent } from '../support/installations.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { CHUNK, chunksOf, type Proof, proofOf, putChunk } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'
import { createBucket, s3Missing } from '../support/s3.ts'
import { sharedEnv } from '../support/scale.ts'
import { type Place, patiently, startServers } from '../support/servers.ts'

const UPLOADS = '/assets/multipart-uploads'
const SESSIONS = 200
/** How many sessions are under way at any time. */
const AT_ONCE = 16

const random = (below: number) => Math.floor(Math.random() * below)

/** Mostly one small chunk; some have two or three, of which the last is small. */
const sizeOf = (session: number) =>
  session % 20 === 0 ? 2 * CHUNK + 3 : session % 10 === 5 ? CHUNK + 2 : 1000 + session

const skips = skipsPostgres || s3Missing !== undefined

describe.skipIf(skips)(`two servers ${onPostgres} and one bucket`, () => {
  it('complete each of 200 racing uploads exactly once, though both are killed again and again', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    await using servers = await startServers({ env: sharedEnv(database.url, bucket) })
    const [one, two] = servers.places as [Place, Place]
    const film = randomVideo(2 * CHUNK + 3)
    let over = false
    let kills = 0

    /** Created on one, presigned on the other, every report to both at once. */
    async function session(number: number) {
      const [here, there] = number % 2 ? [one, two] : [two, one]
      const bytes = film.slice(0, sizeOf(number))
      bytes.set(Buffer.from(`session ${number}`), 100)
      const chunks = chunksOf(bytes)
      const asked = { filename: `${number}.mp4`, type: 'video', total_size: bytes.byteLength }
      const key = { 'idempotency-key': `session-${number}` }
      const created = await patiently(() => here.api.request('POST', UPLOADS, asked, key))
      expect(created.status, JSON.stringify(created.body)).toBe(201)
      const { upload_id: id, asset_id: assetId } = created.body as CreateUploadResponse
      const presigned = await patiently(() =>
        there.api.request('POST', `${UPLOADS}/${id}/presigned-urls`, {
          ...{ start: 1, count: chunks.length },
        }),
      )
      expect(presigned.status, JSON.stringify(presigned.body)).toBe(200)
      const { upload_urls: urls } = presigned.body as PresignResponse

      const answers: ReportResponse[] = []
      for (const [i, chunk] of chunks.entries()) {
        const { etag } = await putChunk(urls[i]!.url, chunk)
        const proofs: Proof[] = [proofOf(i + 1, etag!, chunk)]
        const reports = [here, there].map((place) =>
          patiently(() =>
            place.api.request('POST', `${UPLOADS}/${id}`, { completed_chunks: proofs }),
          ),
        )
        for (const { status, body } of await Promise.all(reports)) {
          expect(status, JSON.stringify(body)).toBe(200)
          answers.push(body as ReportResponse)
        }
      }
      const last = answers.filter(({ total_completed }) => total_completed === chunks.length)
      expect(last).toHaveLength(2)
      const added = answers.reduce((sum, { processed_chunks }) => sum + processed_chunks, 0)
      // Fewer where the answer that told of a chunk was lost.
      expect(added).toBeLessThanOrEqual(chunks.length)
      return { id, assetId, url: last[0]!.url!, digest: sha256(bytes) }
    }

    async function killing() {
      while (!over) {
        await sleep(random(2500))
        const victims = random(3) === 0 ? [one, two] : [[one, two][random(2)]!]
        await Promise.all(
          victims.map(async (place) => {
            await place.kill()
            kills++
            await sleep(random(300))
            await place.start()
          }),
        )
      }
    }

    const waiting = upTo(SESSIONS)
    const done: Awaited<ReturnType<typeof session>>[] = []
    const disturbance = killing()
    try {
      await Promise.all(
        upTo(AT_ONCE).map(async () => {
          for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
            done.push(await session(number))
          }
        }),
      )
    } finally {
      over = true
      await disturbance
    }

    expect(kills).toBeGreaterThan(5)
    expect(done).toHaveLength(SESSIONS)
    const uploads = await database.query<{ asset_id: string }>(
      `select u.asset_id from uploads u join assets a on a.id = u.asset_id
         where u.state = 'completed' and a.object_ref = a.id and a.size = u.total_size`,
    )
    const assetIds = done.map(({ assetId }) => assetId).toSorted()
    expect(uploads.map(({ asset_id }) => asset_id).toSorted()).toEqual(assetIds)
    const [counted] = await database.query(
      `select (select count(*) from uploads)::int as uploads, (select count(*) from assets)::int as assets,
         (select count(*) from chunks)::int as chunks,
         (select sum(total_chunks) from uploads)::int as planned`,
    )
    const planned = upTo(SESSIONS).reduce((sum, n) => sum + Math.ceil(sizeOf(n) / CHUNK), 0)
    expect(counted).toEqual({
      ...{ uploads: SESSIONS, assets: SESSIONS, chunks: planned, planned },
    })
    const { objects } = await bucketContent(bucket)
    expect(objects.toSorted()).toEqual(assetIds)
    for (const { url, digest } of done) expect(await fetchSha256(url)).toBe(digest)
    for (const { log } of servers.places) expect(log()).not.toContain('"status":500')
  })

  it('make one upload of an Idempotency-Key that is sent to both at once', async () => {
    await using database = await createDatabase()
    await using bucket = await createBucket()
    await using servers = await startServers({ env: sharedEnv(database.url, bucket) })
    const asked = { filename: 'film.mp4', type: 'video', total_size: 1000 }

    for (const round of upTo(20)) {
      const key = { 'idempotency-key': `round-${round}` }
      const answers = await Promise.all(
        upTo(6).map((i) => servers.places[i % 2]!.api.request('POST', UPLOADS, asked, key)),
      )
      expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201))
      const ids = answers.map(({ body }) => (body as CreateUploadResponse).upload_id)
      expect(new Set(ids).size).toBe(1)
    }

    expect(await database.query('select count(*)::int as count from uploads')).toEqual([
      { count: 20 },
    ])
    expect(await bucketContent(bucket)).toEqual({ objects: [], uploads: 20 })
  })
})
