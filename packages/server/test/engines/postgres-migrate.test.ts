import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openPostgresMetadata } from '../../src/adapters/sql/postgres.ts'
import { assetFor, race, sampleUpload } from '../contract/samples.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'

const TABLES = `select relname as name from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r'`

const FUTURE = `insert into kysely_migration values ($1, '2099-01-01T00:00:00Z')`

describe.skipIf(skipsPostgres)(`migrations ${onPostgres}`, () => {
  it('are applied once when eight servers open an empty database at once', async () => {
    await using database = await createDatabase()
    const opened = await race(8, () => openPostgresMetadata({ url: database.url, size: 2 }))
    const upload = sampleUpload()
    await opened[0]!.createUpload(upload, assetFor(upload))
    for (const metadata of opened) {
      expect(await metadata.findUpload('alice', upload.id)).toMatchObject({ id: upload.id })
      await metadata.close()
    }
    const applied = await database.query<{ name: string }>('select name from kysely_migration')
    expect(new Set(applied.map(({ name }) => name)).size).toBe(applied.length)
    expect(applied.length).toBeGreaterThan(2)
  })

  it('of a newer version that only add do not matter: servers start and work', async () => {
    await using database = await createDatabase()
    await (await openPostgresMetadata({ url: database.url, size: 1 })).close()
    await database.query('alter table uploads add column from_the_future text')
    await database.query(FUTURE, ['9999_from_the_future'])
    const metadata = await openPostgresMetadata({ url: database.url, size: 1 })
    const upload = sampleUpload()
    await metadata.createUpload(upload, assetFor(upload))
    expect(await metadata.findUpload('alice', upload.id)).toMatchObject({ id: upload.id })
    await metadata.close()
    const env = { PARTWAY_DATABASE_URL: database.url }
    const migrated = await runProgram(['migrate'], env)
    expect(migrated.stdout).toBe('Nothing to do: the database is up to date.\n')
    expect(await runProgram(['keys', 'list'], env)).toMatchObject({ code: 0 })
  })

  it('of a newer version that break this one are refused by name', async () => {
    await using database = await createDatabase()
    await (await openPostgresMetadata({ url: database.url, size: 1 })).close()
    await database.query(FUTURE, ['9998_only_adds'])
    await database.query(FUTURE, ['9999_from_the_future!'])
    await expect(openPostgresMetadata({ url: database.url, size: 1 })).rejects.toThrow(
      /newer version of Partway: this one cannot work with 9999_from_the_future!\./,
    )
    const env = { PARTWAY_DATABASE_URL: database.url }
    for (const args of [['migrate'], ['migrate', '--dry-run'], ['keys', 'list']]) {
      const { code, stdout, stderr } = await runProgram(args, env)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^Failed: .*newer version of Partway.*9999_from_the_future!.*\n$/)
    }
  })

  it('of a newer version are refused where one of ours was never applied', async () => {
    await using database = await createDatabase()
    await (await openPostgresMetadata({ url: database.url, size: 1 })).close()
    await database.query(FUTURE, ['9999_from_the_future'])
    await database.query(`delete from kysely_migration where name = '0004_changes'`)
    await expect(openPostgresMetadata({ url: database.url, size: 1 })).rejects.toThrow(
      /newer version of Partway.*9999_from_the_future/,
    )
  })

  it('are listed by a dry run, which leaves the database empty, and then applied', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const partway = async (...args: string[]) => {
      const env = { PARTWAY_DATABASE_URL: database.url, PARTWAY_DATA: join(folder.path, 'data') }
      const { code, stdout, stderr } = await runProgram(args, env)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    }

    const dry = JSON.parse(await partway('migrate', '--dry-run', '--json'))
    expect(dry).toMatchObject({ dry_run: true, applied: [] })
    expect(dry.pending[0]).toBe('0001_initial')
    expect(await database.query(TABLES)).toEqual([])

    const done = JSON.parse(await partway('migrate', '--json'))
    expect(done).toEqual({ dry_run: false, applied: dry.pending, pending: [] })
    expect((await database.query<{ name: string }>(TABLES)).map(({ name }) => name)).toContain(
      'uploads',
    )
    expect(await partway('migrate')).toBe('Nothing to do: the database is up to date.\n')
  })

  it('wait for those that another server applies right now, however long it takes', async () => {
    await using database = await createDatabase()
    // What the migrator locks; kept longer than any lock or statement may take otherwise.
    const lock = await database.hold('select pg_advisory_lock(3853314791062309107)')
    const opening = openPostgresMetadata({ url: database.url, size: 1 })
    await database.waiting()
    await new Promise((resolve) => setTimeout(resolve, 16_000))
    await database.waiting()
    await lock.query('select pg_advisory_unlock(3853314791062309107)')
    await lock.release()
    await (await opening).close()
  })
})
