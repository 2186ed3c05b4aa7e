import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryMetadata } from '../../src/adapters/memory/metadata.ts'
import { openSqliteMetadata } from '../../src/adapters/sql/sqlite.ts'
import { metadataContract } from './metadata.ts'
import { assetFor, claimsFor, sampleUpload, T0 } from './samples.ts'

const temporaryFolder = () => mkdtemp(join(tmpdir(), 'partway-metadata-'))

metadataContract('memory', async () => {
  const metadata = createMemoryMetadata()
  return { metadata, close: () => metadata.close() }
})

metadataContract('SQLite', async () => {
  const folder = await temporaryFolder()
  const metadata = await openSqliteMetadata(join(folder, 'partway.db'))
  return {
    metadata,
    async close() {
      await metadata.close()
      await rm(folder, { recursive: true })
    },
  }
})

describe('SQLite metadata on its file', () => {
  let folder: string
  let path: string
  beforeEach(async () => {
    folder = await temporaryFolder()
    path = join(folder, 'partway.db')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('keeps everything over a close and a second opening', async () => {
    const first = await openSqliteMetadata(path)
    const upload = sampleUpload()
    await first.createUpload(upload, assetFor(upload))
    await first.recordChunks(upload.id, claimsFor(upload, [1, 3]), T0 + 1)
    const before = await first.findUpload('alice', upload.id)
    await first.close()

    const second = await openSqliteMetadata(path)
    expect(await second.findUpload('alice', upload.id)).toEqual(before)
    expect(await second.listChunks(upload.id, { from: 1, to: 3 })).toHaveLength(2)
    await second.close()
  })

  it('says service_unavailable while another process writes, and works after it', async () => {
    const metadata = await openSqliteMetadata(path)
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    const upload = sampleUpload()
    const create = () => metadata.createUpload(upload, assetFor(upload))
    await expect(create()).rejects.toMatchObject({ code: 'service_unavailable', retryAfter: 1 })
    other.exec('rollback')
    other.close()
    await expect(create()).resolves.toEqual({ created: true })
    await metadata.close()
  })
})
