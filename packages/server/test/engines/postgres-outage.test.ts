import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { openPostgresMetadata } from '../../src/adapters/sql/postgres.ts'
import {
  assetFor,
  claimsFor,
  race,
  sampleUpload,
  smallPlan,
  T0,
  upTo,
} from '../contract/samples.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { startProgram, temporaryFolder } from '../support/program.ts'
import { createApi } from '../support/program-api.ts'

const unavailable = { code: 'service_unavailable', retryAfter: 1 }

describe.skipIf(skipsPostgres)(`an outage ${onPostgres}`, () => {
  it('answers service_unavailable while the server is down, and works when it is back', async () => {
    await using server = await startPostgres()
    const metadata = await openPostgresMetadata({ url: server.url, size: 5 })
    const upload = sampleUpload(smallPlan(10_000, 1))
    await metadata.createUpload(upload, assetFor(upload))
    const refused: unknown[] = []
    const recorded = new Set<number>()
    let next = 1
    let over = false
    const report = async () => {
      while (!over && next <= upload.totalChunks) {
        const index = next++
        try {
          await metadata.recordChunks(upload.id, claimsFor(upload, [index]), T0 + 1)
          recorded.add(index)
        } catch (error) {
          refused.push(error)
        }
      }
    }
    const reports = Promise.all(upTo(5).map(report))
    await expect.poll(() => recorded.size, { timeout: 10_000 }).toBeGreaterThan(20)

    await server.crash()
    await expect.poll(() => refused.length, { timeout: 10_000 }).toBeGreaterThan(10)
    await expect(metadata.ping()).rejects.toMatchObject(unavailable)
    const before = recorded.size
    await server.start()
    await expect.poll(() => recorded.size, { timeout: 10_000 }).toBeGreaterThan(before + 20)
    over = true
    await reports

    for (const error of refused) expect(error).toMatchObject(unavailable)
    const kept = await metadata.listChunks(upload.id, { from: 1, to: upload.totalChunks })
    const indexes = new Set(kept.map(({ index }) => index))
    // What was acknowledged is there; of what was not, only what was in its commit may be.
    expect([...recorded].filter((index) => !indexes.has(index))).toEqual([])
    expect(kept.length).toBeLessThanOrEqual(recorded.size + 5)
    expect((await metadata.findUpload('alice', upload.id))?.chunksCompleted).toBe(kept.length)
    await metadata.close()
  })

  it('is not noticed when only sessions are ended, again and again', async () => {
    await using database = await createDatabase()
    const metadata = await openPostgresMetadata({ url: database.url, size: 5 })
    const upload = sampleUpload(smallPlan(200, 1))
    await metadata.createUpload(upload, assetFor(upload))
    let over = false
    let ended = 0
    let asked = 0
    const ending = (async () => {
      while (!over) {
        const before = asked
        const sessions = await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = 'partway' and datname = current_database()
               and query not ilike 'commit%'`,
        )
        ended += sessions.length
        // On a busy machine a call takes longer, and five tries of one must not all be hit.
        do await wait(30)
        while (!over && asked < before + 3)
      }
    })()
    let inCommit = 0
    // Those that are recorded already lock the row as well.
    for (let call = 0; call < 200 || ended <= 20; call++) {
      const index = (call % 200) + 1
      asked = call + 1
      const [recorded] = await Promise.all([
        metadata.recordChunks(upload.id, claimsFor(upload, [index]), T0 + 1).catch((error) => {
          // A session may have come to its commit between the look and the end. Nothing else may fail.
          expect(error).toMatchObject({
            ...{ ...unavailable, message: expect.stringContaining('may have been made') },
          })
          inCommit++
        }),
        metadata.findUpload('alice', upload.id),
        metadata.listAssets('alice', { page: 1, limit: 10 }, {}),
      ])
      if (recorded) expect(recorded.active).toBe(true)
    }
    over = true
    await ending

    expect(inCommit).toBeLessThan(50)
    const kept = await metadata.listChunks(upload.id, { from: 1, to: 200 })
    expect(kept.length).toBeGreaterThanOrEqual(200 - inCommit)
    expect((await metadata.findUpload('alice', upload.id))?.chunksCompleted).toBe(kept.length)
    await metadata.close()
  })

  it('is not noticed when all idle sessions are ended, by whatever comes next', async () => {
    await using database = await createDatabase()
    const metadata = await openPostgresMetadata({ url: database.url, size: 5 })
    const upload = sampleUpload()
    for (const _ of upTo(10)) {
      await race(5, () => metadata.ping())
      const ended = await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'partway' and datname = current_database()`,
      )
      expect(ended.length).toBeGreaterThan(0)
      expect(await metadata.findUpload('alice', upload.id)).toBeUndefined()
    }
    await metadata.close()
  })

  it('answers service_unavailable when every connection is busy for too long', async () => {
    await using database = await createDatabase()
    const metadata = await openPostgresMetadata({ url: database.url, size: 1 })
    const upload = sampleUpload()
    await metadata.createUpload(upload, assetFor(upload))
    await using lock = await database.hold('select * from uploads for update')
    const writes = metadata.recordChunks(upload.id, claimsFor(upload, [1]), T0).catch((e) => e)
    await expect(metadata.ping()).rejects.toMatchObject(unavailable)
    expect(await writes).toMatchObject(unavailable)
    await lock.release()
    expect(await metadata.recordChunks(upload.id, claimsFor(upload, [1]), T0)).toMatchObject({
      added: 1,
    })
    await metadata.close()
  })

  it('answers service_unavailable when a statement takes too long, and nothing is changed', async () => {
    await using database = await createDatabase()
    const metadata = await openPostgresMetadata({ url: database.url, size: 1 })
    const upload = sampleUpload()
    await metadata.createUpload(upload, assetFor(upload))
    const url = `${database.url}?statement_timeout=2000`
    const hurried = await openPostgresMetadata({ url, size: 1 })
    await using lock = await database.hold('select * from uploads for update')
    await expect(hurried.recordChunks(upload.id, claimsFor(upload, [1]), T0)).rejects.toMatchObject(
      {
        ...{ ...unavailable, message: expect.stringContaining('Nothing was') },
        // Of the statement, and not of the lock it waits for.
        cause: { code: '57014' },
      },
    )
    await lock.release()
    expect(await metadata.listChunks(upload.id, { from: 1, to: 3 })).toEqual([])
    await Promise.all([metadata.close(), hurried.close()])
  })

  it('answers service_unavailable while the server takes no writes, and works when it does again', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    await using server = await startProgram({
      data: folder.path,
      env: { PARTWAY_DATABASE_URL: database.url, PARTWAY_SIGNING_KEYS: 'k'.repeat(32) },
    })
    const api = createApi(server)
    const ready = async () => (await fetch(`${server.url}/ready`)).status
    const name = new URL(database.url).pathname.slice(1)
    /** What a failover does: sessions end, and those that follow are on a server that is a standby now. */
    const takeWrites = async (yes: boolean) => {
      const lock = await database.hold('set transaction read write')
      await lock.query(
        `alter database ${name} set default_transaction_read_only = ${yes ? 'off' : 'on'}`,
      )
      await lock.release()
      if (yes) return
      await database.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`)
    }
    const create = () => {
      const body = { filename: 'a.mp4', type: 'video', total_size: 1000 }
      return api.request('POST', '/assets/multipart-uploads', body)
    }
    const { asset_id: asset } = await api.create(1000)

    await takeWrites(false)
    for (const _ of upTo(3)) {
      expect((await api.request('GET', `/assets/${asset}`)).status).toBe(200)
      const refused = await create()
      expect(refused.status).toBe(503)
      expect(refused.body).toMatchObject({
        message: expect.stringMatching(/takes no writes at present\. Nothing was changed/),
      })
      expect(await ready()).toBe(503)
    }
    // Connections that only ever read are no reason to stay there.
    await Promise.all(upTo(5).map(() => api.request('GET', `/assets/${asset}`)))

    await takeWrites(true)
    await expect.poll(ready, { timeout: 10_000 }).toBe(200)
    for (const _ of upTo(5)) expect((await create()).status).toBe(201)
  })

  it('never shows the password, whatever goes wrong', async () => {
    await using database = await createDatabase()
    const right = new URL(database.url)
    const failures = [
      { password: 'hunter2-but-wrong' },
      { pathname: '/nowhere' },
      { port: '1' },
      { search: '?sslmode=verify-full' },
    ]
    for (const change of failures) {
      const url: URL = Object.assign(new URL(right), change)
      const error = await openPostgresMetadata({ url: url.href, size: 1 }).catch((e) => e)
      expect(error).toMatchObject({ code: 'service_unavailable' })
      expect(error.message).toMatch(
        /^The database \w+ at 127\.0\.0\.1:\d+ cannot be used: .{10,}\.$/,
      )
      const shown = inspect(error, { depth: 20 }) + JSON.stringify(error)
      for (const secret of [right.password, 'hunter2']) expect(shown).not.toContain(secret)
    }
  })
})
