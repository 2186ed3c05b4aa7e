import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { runDoctor } from '../support/doctor.ts'
import { freePort } from '../support/free-port.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { runProgram, temporaryFolder } from '../support/program.ts'

const TABLES = `select 1 from pg_class where relnamespace = 'public'::regnamespace`

describe.skipIf(skipsPostgres)(`partway doctor ${onPostgres}`, () => {
  const settings = (url: string, folder: string) => ({
    ...{ PARTWAY_DATABASE_URL: url, PARTWAY_SIGNING_KEYS: 'k'.repeat(32) },
    PARTWAY_DATA: join(folder, 'data'),
  })

  it('lists pending migrations, applies none, and is content when its command was run', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const env = settings(database.url, folder.path)

    const before = await runDoctor(env)

    expect(before).toMatchObject({ code: 0, ok: true })
    expect(before.names('warning')).toEqual(['migrations'])
    expect(before.check('database').found).toMatch(/^PostgreSQL \d+\.\d+ .*test_\w+ at 127/)
    expect(before.check('database clock').outcome).toBe('ok')
    expect(before.check('connections').found).toMatch(/ of 200 are there for Partway, enough for/)
    expect(await database.query(TABLES)).toEqual([])
    expect(existsSync(join(folder.path, 'data'))).toBe(false)

    const [command, ...args] = before.check('migrations').remedy!.split(' ')
    expect(command).toBe('partway')
    expect(await runProgram(args, env)).toMatchObject({ code: 0 })
    const after = await runDoctor(env)
    expect(after.names('warning')).toEqual([])
    expect(after.check('migrations').found).toMatch(/^all \d+ are applied$/)
  })

  it('finds a database of a newer version', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const env = settings(database.url, folder.path)
    await runProgram(['migrate'], env)
    const add = (name: string) =>
      database.query(`insert into kysely_migration values ($1, '2099-01-01T00:00:00Z')`, [name])
    await add('9998_only_adds')
    expect((await runDoctor(env)).check('migrations')).toMatchObject({
      ...{ outcome: 'ok', found: expect.stringContaining('has added 9998_only_adds') },
    })
    await add('9999_from_the_future!')
    const { code, check } = await runDoctor(env)
    expect(code).toBe(1)
    expect(check('migrations').found).toContain('9999_from_the_future')
    expect(check('migrations').remedy).toContain('Install the version')
  })

  it('wants signing keys, and looks at everything else all the same', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const { PARTWAY_SIGNING_KEYS, ...env } = settings(database.url, folder.path)
    const { code, names, check } = await runDoctor(env)
    expect(code).toBe(1)
    expect(names('failed')).toEqual(['signing keys'])
    expect(names('skipped')).toEqual([])
    expect(check('signing keys').remedy).toContain('openssl rand -hex 32')
  })

  it('tells what is wrong with an address, a password, a name, and shows no password', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const wrong = async (change: (url: URL) => void) => {
      const url = new URL(database.url)
      change(url)
      const diagnosis = await runDoctor(settings(url.href, folder.path))
      expect(diagnosis).toMatchObject({ code: 1 })
      expect(diagnosis.names('failed')).toEqual(['database'])
      expect(diagnosis.names('skipped')).toEqual(['migrations', 'database clock', 'connections'])
      expect(diagnosis.check('migrations').found).toBe(
        'not checked: the database cannot be reached',
      )
      expect(diagnosis.stdout).not.toContain(url.password)
      return diagnosis.check('database')
    }

    const password = await wrong((url) => {
      url.password = 'another-that-must-not-leak'
    })
    expect(password.found).toContain('password authentication failed')
    expect(password.remedy).toContain('psql -h 127.0.0.1 -p ')

    const name = await wrong((url) => {
      url.pathname = '/no_such_database'
    })
    expect(name.remedy).toMatch(/^createdb -h 127.0.0.1 -p \d+ -U partway no_such_database$/)

    const port = String(await freePort())
    const down = await wrong((url) => {
      url.port = port
    })
    expect(down.found).toContain('ECONNREFUSED')
    expect(down.remedy).toContain(`pg_isready -h 127.0.0.1 -p ${port}`)
  })

  it('tells what is wrong with TLS, and is content with the certificate it asks for', async () => {
    await using plain = await createDatabase()
    await using server = await startPostgres({ tls: true })
    await using folder = await temporaryFolder()
    const look = async (text: string, search: string) => {
      const url = new URL(text)
      url.search = search
      return (await runDoctor(settings(url.href, folder.path))).check('database')
    }
    const refused = await look(plain.url, '?sslmode=verify-full')
    expect(refused).toMatchObject({
      outcome: 'failed',
      remedy: expect.stringContaining('ssl = on'),
    })
    const wanted = await look(server.url, '')
    expect(wanted.remedy).toContain('?sslmode=verify-full')
    const stranger = await look(server.url, '?sslmode=verify-full')
    expect(stranger.found).toContain('self-signed certificate')
    expect(stranger.remedy).toContain('&sslrootcert=')
    const missing = await look(server.url, '?sslmode=verify-full&sslrootcert=/no/such/file')
    expect(missing.remedy).toContain('that the user of the server may read')
    expect(await look(server.url, new URL(server.url).search)).toMatchObject({ outcome: 'ok' })
  })

  it('finds a user who may make no tables, and is content after its grant', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const role = `poor_${Date.now()}`
    await database.query(`create role ${role} login password 'poor'`)
    await database.query('revoke create on schema public from public')
    const url = new URL(database.url)
    url.username = role
    url.password = 'poor'
    const env = settings(url.href, folder.path)
    try {
      const before = (await runDoctor(env)).check('migrations')
      expect(before.outcome).toBe('failed')
      await database.query(before.remedy!)
      expect((await runDoctor(env)).check('migrations').outcome).toBe('warning')
      expect(await runProgram(['migrate'], env)).toMatchObject({ code: 0 })
    } finally {
      await database.query(`drop owned by ${role}`)
      await database.query(`drop role ${role}`)
    }
  })

  it('counts the connections of other roles, whose sessions an ordinary one may not look into', async () => {
    await using server = await startPostgres()
    await using folder = await temporaryFolder()
    const connect = async () => {
      const client = new Client({ connectionString: server.url })
      await client.connect()
      return client
    }
    const others = await Promise.all(Array.from({ length: 5 }, connect))
    try {
      await others[0]!.query(`create role ordinary login password 'ordinary'`)
      const url = new URL(server.url)
      url.username = 'ordinary'
      url.password = 'ordinary'
      // Of 200, three are kept for administrators. The processes of the server itself take none.
      const { check } = await runDoctor(settings(url.href, folder.path))
      expect(check('connections').found).toMatch(/^192 of 200 /)
    } finally {
      await Promise.all(others.map((client) => client.end()))
    }
  })

  it('compares the clocks, and the connections with the pool', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const shift = `const { now } = Date
      Date.now = () => now() - 60000`
    const { check, code } = await runDoctor({
      ...settings(database.url, folder.path),
      PARTWAY_DATABASE_POOL: '200',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}`,
    })
    expect(code).toBe(0)
    expect(check('database clock')).toMatchObject({ outcome: 'warning' })
    expect(check('database clock').found).toMatch(/^it is (59|60) s later at 127/)
    expect(check('connections')).toMatchObject({ outcome: 'warning' })
    expect(check('connections').remedy).toMatch(/^export PARTWAY_DATABASE_POOL=\d+ /)
  })
})
