import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { createApi, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'

const SIGNING_KEYS = { PARTWAY_SIGNING_KEYS: 'k'.repeat(32) }

describe.skipIf(skipsPostgres)(`the program ${onPostgres}`, () => {
  it('makes one first key when servers start together, and each serves what the other took', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const env = {
      ...{ ...SIGNING_KEYS, PARTWAY_DATABASE_URL: database.url },
      PARTWAY_STORE_URL: `file:${join(folder.path, 'store')}`,
    }
    const start = (name: string) =>
      startProgram({ data: join(folder.path, name), env, apiKey: null })
    const [one, two] = await Promise.all([start('one'), start('two')])
    await using first = one!
    await using second = two!

    const keys = [first, second].flatMap((server) =>
      [...server.stdout().matchAll(/API key, shown only now: (\S+)/g)].map((match) => match[1]!),
    )
    expect(keys).toHaveLength(1)
    const listed = await runProgram(['keys', 'list', '--json'], env)
    expect(JSON.parse(listed.stdout)).toHaveLength(1)

    const [here, there] = [createApi(first, keys[0]!), createApi(second, keys[0]!)]
    const bytes = randomVideo(1000)
    const { session, proofs } = await sendAll(here, bytes)
    const { url } = await there.report(session.upload_id, proofs)
    expect(await fetchSha256(url!)).toBe(sha256(bytes))
    // Nothing is kept in the data folder, so none is made.
    expect(existsSync(join(folder.path, 'one'))).toBe(false)
    expect(await first.kill('SIGTERM')).toBe(0)
  })

  it('does not start without signing keys, and has tried nothing', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const { code, stdout, stderr } = await runProgram(['serve', '--listen', '127.0.0.1:0'], {
      ...{ PARTWAY_DATABASE_URL: database.url, PARTWAY_DATA: join(folder.path, 'data') },
    })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/PARTWAY_SIGNING_KEYS must be set with PostgreSQL/)
    const tables = `select 1 from pg_class where relnamespace = 'public'::regnamespace`
    expect(await database.query(tables)).toEqual([])
    expect(existsSync(join(folder.path, 'data'))).toBe(false)
  })

  it('manages keys of a running server', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const env = { ...SIGNING_KEYS, PARTWAY_DATABASE_URL: database.url }
    await using server = await startProgram({ data: join(folder.path, 'data'), env })
    const keys = (...args: string[]) =>
      runProgram(['keys', ...args, '--json'], { PARTWAY_DATABASE_URL: database.url })

    const { id, key } = JSON.parse((await keys('create', '--account', 'studio')).stdout)
    const api = createApi(server, key)
    expect((await api.request('GET', '/assets')).status).toBe(200)
    expect((await api.request('GET', '/assets?filename=a%00b')).status).toBe(200)
    expect((await api.request('GET', '/assets?page=9007199254740991')).status).toBe(200)
    await keys('revoke', id)
    expect((await api.request('GET', '/assets')).status).toBe(401)
    expect(server.stderr()).not.toContain(new URL(database.url).password)
  })

  it('ends soon when it cannot go on', async () => {
    await using database = await createDatabase()
    await using folder = await temporaryFolder()
    const env = { ...SIGNING_KEYS, PARTWAY_DATABASE_URL: database.url }
    const data = join(folder.path, 'data')
    await using server = await startProgram({ data, env })
    const { host } = new URL(server.url)
    // An idle connection is kept for minutes, but not by a program that is at its end.
    const { code, stderr } = await runProgram(['serve', '--listen', host, '--data', data], env)
    expect(code).toBe(1)
    expect(stderr).toContain('EADDRINUSE')
  })
})
