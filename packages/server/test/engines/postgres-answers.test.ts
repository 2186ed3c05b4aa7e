import { describe, expect, it, onTestFinished } from 'vitest'
import { openPostgresMetadata } from '../../src/adapters/sql/postgres.ts'
import { OutcomeUnknownError } from '../../src/core/ports.ts'
import { assetFor, claimsFor, sampleUpload, T0 } from '../contract/samples.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'
import { type Cut, startPostgresProxy } from '../support/postgres-proxy.ts'

/** Metadata behind a proxy that cuts, an upload and a key. */
async function createWorld() {
  const database = await createDatabase()
  const proxy = await startPostgresProxy(database.url)
  const metadata = await openPostgresMetadata({ url: proxy.url, size: 1 })
  const upload = sampleUpload()
  await metadata.createUpload(upload, assetFor(upload))
  const hash = 'a'.repeat(64)
  const key = { id: 'key', account: 'alice', name: '', hash, createdAt: T0, revokedAt: undefined }
  await metadata.createKey(key)
  return {
    ...{ proxy, metadata, upload },
    record: (indexes: number[]) =>
      metadata.recordChunks(upload.id, claimsFor(upload, indexes), T0 + 1),
    async [Symbol.asyncDispose]() {
      await metadata.close()
      await proxy[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

const unknownOutcome = {
  ...{ code: 'service_unavailable', retryAfter: 1 },
  message: expect.stringContaining('may have been made'),
}

describe.skipIf(skipsPostgres)(`a connection that breaks ${onPostgres}`, () => {
  it('after COMMIT was applied: says that it cannot tell, and does not apply it twice', async () => {
    await using world = await createWorld()
    world.proxy.cut('commit', 'after')

    const error = await world.record([1, 2]).catch((e) => e)
    expect(error).toBeInstanceOf(OutcomeUnknownError)
    expect(error).toMatchObject(unknownOutcome)

    expect(world.proxy.sent('commit')).toBe(1)
    expect(world.proxy.sent('insert into "chunks"')).toBe(1)
    expect(await world.metadata.findUpload('alice', world.upload.id)).toMatchObject({
      ...{ chunksCompleted: 2, uploadedSize: 2000 },
    })
    expect(await world.record([1, 2, 3])).toMatchObject({ added: 1, chunksCompleted: 3 })
  })

  it('before COMMIT arrived: says that it cannot tell, and nothing is applied', async () => {
    await using world = await createWorld()
    world.proxy.cut('commit', 'before')

    await expect(world.record([1, 2])).rejects.toMatchObject(unknownOutcome)

    expect(world.proxy.sent('commit')).toBe(1)
    expect(await world.metadata.listChunks(world.upload.id, { from: 1, to: 3 })).toEqual([])
    expect(await world.record([1, 2])).toMatchObject({ added: 2, chunksCompleted: 2 })
  })

  it.each<Cut>(['before', 'after'])(
    '%s a write without transaction: says that it cannot tell, and does not repeat it',
    async (when) => {
      await using world = await createWorld()
      world.proxy.cut('update "api_keys"', when)

      await expect(world.metadata.revokeKey('key', T0)).rejects.toMatchObject(unknownOutcome)

      expect(world.proxy.sent('update "api_keys"')).toBe(1)
      expect((await world.metadata.findKey('key'))?.revokedAt).toBe(
        when === 'after' ? T0 : undefined,
      )
    },
  )

  it('but stays there and says nothing: is given up in time, and replaced', async () => {
    await using world = await createWorld()
    const url = `${world.proxy.url}?query_timeout=3000`
    const metadata = await openPostgresMetadata({ url, size: 1 })
    onTestFinished(() => metadata.close())
    const find = () => metadata.findUpload('alice', world.upload.id)
    const asked = world.proxy.sent('from "uploads"')
    world.proxy.cut('from "uploads"', 'silent')
    const started = performance.now()
    await expect(find()).rejects.toMatchObject({
      ...{ code: 'service_unavailable', message: expect.stringContaining('Nothing was changed') },
    })
    // Sooner than without a limit of its own.
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(world.proxy.sent('from "uploads"')).toBe(asked + 1)
    expect(await find()).toMatchObject({ chunksCompleted: 0 })

    world.proxy.cut('commit', 'silent')
    const recorded = metadata.recordChunks(world.upload.id, claimsFor(world.upload, [1]), T0 + 1)
    await expect(recorded).rejects.toMatchObject(unknownOutcome)
    expect(world.proxy.sent('commit')).toBe(1)
    expect(await find()).toMatchObject({ chunksCompleted: 1 })
  })

  it.each<[string, Cut]>([
    ['begin', 'before'],
    ['begin', 'after'],
    ['update "uploads"', 'before'],
    ['update "uploads"', 'after'],
    ['insert into "chunks"', 'after'],
  ])('at %s in a transaction, %s it: nobody notices', async (statement, when) => {
    await using world = await createWorld()
    world.proxy.cut(statement, when)

    expect(await world.record([1, 2])).toMatchObject({ added: 2, chunksCompleted: 2 })

    // It was cut indeed, and what followed was a transaction of its own.
    expect(world.proxy.sent('begin')).toBe(2)
    expect(world.proxy.sent('commit')).toBe(1)
  })

  it.each<Cut>(['before', 'after'])('%s a read: nobody notices', async (when) => {
    await using world = await createWorld()
    world.proxy.cut('from "uploads"', when)

    expect(await world.metadata.findUpload('alice', world.upload.id)).toMatchObject({
      id: world.upload.id,
    })
    expect(world.proxy.sent('from "uploads"')).toBe(2)
  })
})
