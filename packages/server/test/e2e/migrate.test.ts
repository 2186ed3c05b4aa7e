import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { runProgram, startProgram, temporaryFolder } from '../support/program.ts'

const migrate = (data: string, ...args: string[]) =>
  runProgram(['migrate', '--data', data, ...args])

describe('partway migrate', () => {
  it('says what it would apply, and makes no file when it only looks', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'data')
    const { code, stdout, stderr } = await migrate(data, '--dry-run')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^To apply: 0001_initial\nTo apply: 0002_\w+\n/)
    expect(existsSync(data)).toBe(false)
  })

  it('applies what is missing, once, and says what', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'data')
    const { pending } = JSON.parse((await migrate(data, '--dry-run', '--json')).stdout)

    expect((await migrate(data)).stdout).toBe(
      pending.map((name: string) => `Applied: ${name}\n`).join(''),
    )
    const again = await migrate(data)
    expect(again.stdout).toBe('Nothing to do: the database is up to date.\n')
    const json = JSON.parse((await migrate(data, '--json')).stdout)
    expect(json).toEqual({ dry_run: false, applied: pending, pending: [] })
  })

  it('changes nothing in a database that is there when it only looks', async () => {
    await using folder = await temporaryFolder()
    await migrate(folder.path)
    const path = join(folder.path, 'partway.db')
    withDatabase(path, `delete from kysely_migration where name = '0004_changes'`)
    const before = await readFile(path)

    expect((await migrate(folder.path, '--dry-run')).stdout).toBe('To apply: 0004_changes\n')

    expect(await readFile(path)).toEqual(before)
  })

  it('leaves alone what a newer version has only added', async () => {
    await using folder = await temporaryFolder()
    await migrate(folder.path)
    applied(folder.path, '9999_from_the_future')
    expect(await migrate(folder.path)).toMatchObject({
      ...{ code: 0, stdout: 'Nothing to do: the database is up to date.\n' },
    })
    await using server = await startProgram({ data: folder.path })
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  })

  it('refuses a database that a newer version has made another one, as the server does', async () => {
    await using folder = await temporaryFolder()
    await migrate(folder.path)
    applied(folder.path, '9999_from_the_future!')
    for (const [command, ...args] of [['migrate'], ['migrate', '--dry-run'], ['serve']]) {
      const { code, stdout, stderr } = await runProgram([command!, '--data', folder.path, ...args])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(/^Failed: .*newer version of Partway.*9999_from_the_future!.*\n$/)
    }
  })
})

function withDatabase(path: string, sql: string): void {
  const file = new DatabaseSync(path)
  file.exec(sql)
  file.close()
}

/** As a newer version would note it. */
const applied = (data: string, name: string) =>
  withDatabase(
    join(data, 'partway.db'),
    `insert into kysely_migration values ('${name}', '2099-01-01T00:00:00Z')`,
  )
