import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openSqliteCopy, openSqliteMetadata } from '../../src/adapters/sql/sqlite.ts'
import { temporaryFolder } from '../support/program.ts'
import { assetFor, sampleUpload } from './samples.ts'

describe('a database that is copied from', () => {
  it('is nobody else’s meanwhile, not even to read', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.db')
    const metadata = await openSqliteMetadata(path)
    await expect(openSqliteCopy(path, false)).rejects.toThrow(/in use\. Stop the server/)
    await metadata.close()

    const source = await openSqliteCopy(path, false)
    const other = new DatabaseSync(path)
    expect(() => other.prepare('select * from assets').all()).toThrow(/locked/)
    other.close()
    await source.close()
    await (await openSqliteMetadata(path)).close()
  })

  it('shows in a dry run what a running server has written, and leaves nothing beside it', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.db')
    const metadata = await openSqliteMetadata(path)
    const upload = sampleUpload()
    await metadata.createUpload(upload, assetFor(upload))
    const running = await openSqliteCopy(path, true)
    expect(await running.openUploads()).toMatchObject([{ id: upload.id }])
    await running.close()
    await metadata.close()

    const stopped = await openSqliteCopy(path, true)
    expect(await stopped.assets('', 10)).toMatchObject([{ asset: { id: upload.assetId } }])
    await stopped.close()
    expect(await readdir(folder.path)).toEqual(['a.db'])
  })

  it('has to be there, and to have the tables of this version', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.db')
    await expect(openSqliteCopy(path, false)).rejects.toThrow(`there is no database at ${path}`)
    expect(await readdir(folder.path)).toEqual([])

    await (await openSqliteMetadata(path)).close()
    const file = new DatabaseSync(path)
    file.exec(`delete from kysely_migration where name = '0003_media'`)
    file.close()
    for (const dryRun of [true, false]) {
      await expect(openSqliteCopy(path, dryRun)).rejects.toThrow(
        /older version: it lacks 0003_media/,
      )
    }
  })

  it('is not of a newer version, whose columns would be left behind', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'a.db')
    await (await openSqliteMetadata(path)).close()
    const file = new DatabaseSync(path)
    file.exec(`insert into kysely_migration values ('9999_more', '2099-01-01T00:00:00Z')`)
    file.close()
    await expect(openSqliteCopy(path, true)).rejects.toThrow(/newer version: .* know 9999_more/)
  })
})
