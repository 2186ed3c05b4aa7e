import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { lookIntoPostgres, openPostgresMetadata } from '../../src/adapters/sql/postgres.ts'
import { assetFor, claimsFor, race, sampleUpload, T0 } from '../contract/samples.ts'
import { runDoctor } from '../support/doctor.ts'
import { pgbouncerMissing, skipsPgbouncer, startPgbouncer } from '../support/pgbouncer.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { temporaryFolder } from '../support/program.ts'

const why = pgbouncerMissing ? ` (${pgbouncerMissing})` : ''

const LIMITS = sql<{ statement: string; lock: string; idle: string }>`select
  current_setting('statement_timeout') as statement,
  current_setting('lock_timeout') as lock,
  current_setting('idle_in_transaction_session_timeout') as idle`

const limitsAt = (url: string) =>
  lookIntoPostgres({ url, size: 1 }, async (db) => (await LIMITS.execute(db)).rows)

const settings = (url: string, data: string) => ({
  ...{ PARTWAY_DATABASE_URL: url, PARTWAY_SIGNING_KEYS: 'k'.repeat(32), PARTWAY_DATA: data },
})

describe.skipIf(skipsPostgres)(`the limits of a session ${onPostgres}`, () => {
  it('are set on every connection, and those in the URL go before', async () => {
    await using database = await createDatabase()
    expect(await limitsAt(database.url)).toEqual([{ statement: '10s', lock: '5s', idle: '10s' }])
    expect(await limitsAt(`${database.url}?lock_timeout=70ms&sslmode=disable`)).toEqual([
      { statement: '10s', lock: '70ms', idle: '10s' },
    ])
  })
})

describe.skipIf(skipsPostgres || skipsPgbouncer)(`pgbouncer ${onPostgres}${why}`, () => {
  it('that keeps sessions: servers and migrations work, with their limits', async () => {
    await using database = await createDatabase()
    await using pooler = await startPgbouncer(database.url, 'session')
    const opened = await race(3, () => openPostgresMetadata({ url: pooler.url, size: 2 }))
    const metadata = opened[0]!
    const upload = sampleUpload()
    await metadata.createUpload(upload, assetFor(upload))
    expect(await metadata.recordChunks(upload.id, claimsFor(upload, [1]), T0)).toMatchObject({
      added: 1,
    })
    expect(await limitsAt(pooler.url)).toEqual([{ statement: '10s', lock: '5s', idle: '10s' }])
    await Promise.all(opened.map((each) => each.close()))
  })

  it('that keeps sessions: the doctor is content', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    await using pooler = await startPgbouncer(database.url, 'session')
    const { check } = await runDoctor(settings(pooler.url, folder.path))
    expect(check('database')).toMatchObject({ outcome: 'ok' })
  })

  it('that keeps no sessions: the doctor warns, and says what to set', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    await using pooler = await startPgbouncer(database.url, 'transaction')
    const { check } = await runDoctor(settings(pooler.url, folder.path))
    expect(check('database')).toMatchObject({
      ...{ outcome: 'warning', found: expect.stringContaining('a pooler that keeps no sessions') },
      remedy: expect.stringContaining('pool_mode = session'),
    })
  })
})
