import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchEvents } from '../support/events.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { startProgram, TEST_KEY, temporaryFolder } from '../support/program.ts'
import { createApi, sendAll } from '../support/program-api.ts'
import { randomVideo } from '../support/program-files.ts'

describe.skipIf(skipsPostgres)(`events ${onPostgres}`, () => {
  it('of another server are told, also where a transaction commits long after its time', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const env = {
      ...{ PARTWAY_SIGNING_KEYS: 'k'.repeat(32), PARTWAY_DATABASE_URL: database.url },
      PARTWAY_STORE_URL: `file:${join(folder.path, 'store')}`,
    }
    await using here = await startProgram({ data: folder.path, env })
    // The row is held for as long as the others take, which nobody knows.
    const patient = 'lock_timeout=60s&statement_timeout=60s&query_timeout=60000'
    const waiting = { ...env, PARTWAY_DATABASE_URL: `${database.url}?${patient}` }
    await using there = await startProgram({ data: folder.path, env: waiting })
    const api = createApi(there)
    const { session, proofs } = await sendAll(api, randomVideo(1000))
    await using reader = await watchEvents(here.url, { key: TEST_KEY })
    await reader.find('ready')

    // The report has its time before it waits for the row, and is seen only after others.
    const held = await database.hold(
      `select 1 from uploads where id = '${session.upload_id}' for update`,
    )
    const reporting = api.report(session.upload_id, proofs)
    await database.waiting()
    await new Promise((resolve) => setTimeout(resolve, 2500))
    const other = await api.create(1)
    const overtaken = await reader.find('upload', ({ upload_id }) => upload_id === other.upload_id)
    await held.release()
    await reporting
    const late = await reader.find('upload', ({ status }) => status === 'completed')
    expect(late.data.upload_id).toBe(session.upload_id)
    expect(reader.told.indexOf(late)).toBeGreaterThan(reader.told.indexOf(overtaken))
    await reader.find('asset', ({ _id, size }) => _id === session.asset_id && size === 1000)
  })
})
