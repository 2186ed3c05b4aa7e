import { describe, expect, it } from 'vitest'
import { openPostgresMetadata } from '../../src/adapters/sql/postgres.ts'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, race, sampleUpload, sealedAs, T0, upTo } from '../contract/samples.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'

async function createWorld() {
  const database = await createDatabase()
  const metadata = await openPostgresMetadata({ url: database.url, size: 20 })
  return {
    ...{ database, metadata },
    async [Symbol.asyncDispose]() {
      await metadata.close()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function create(metadata: Metadata, changes: Partial<Upload> = {}): Promise<Upload> {
  const upload = sampleUpload(changes)
  await metadata.createUpload(upload, assetFor(upload))
  return upload
}

async function createSealed(metadata: Metadata): Promise<Upload> {
  const upload = await create(metadata)
  await metadata.recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), T0)
  await metadata.completeUpload(upload.id, sealedAs(upload), T0)
  return upload
}

/** Before the server finds a deadlock, after a second, and ends it at the expense of the other. */
const GIVE_UP_SOON = `set local lock_timeout = '300ms'`

describe.skipIf(skipsPostgres)(`locks ${onPostgres}`, () => {
  it('let as many claimers as there are assets take one each, past one that is held', async () => {
    await using world = await createWorld()
    const { metadata } = world
    const assets = []
    for (const _ of upTo(9)) assets.push((await createSealed(metadata)).assetId)
    await using _lock = await world.database.hold(
      `select * from assets where id = '${assets[0]}' for update`,
    )

    // Who waited for the one that is held would fail.
    const claims = await race(8, () => metadata.claimAsset(T0, 1000))

    expect(claims.map((claim) => claim?.asset.id).sort()).toEqual(assets.slice(1).sort())
    expect(await metadata.claimAsset(T0, 1000)).toBeUndefined()
  })

  it('let as many claimers as there are imports take one each, past one that is held', async () => {
    await using world = await createWorld()
    const { metadata } = world
    const ids: string[] = []
    for (const i of upTo(9)) {
      const upload = sampleUpload({ method: 'url' })
      await metadata.createIngest(upload, assetFor(upload), `https://example.com/${i}`)
      ids.push(upload.id)
    }
    await using _lock = await world.database.hold(
      `select * from imports where upload_id = '${ids[0]}' for update`,
    )

    const claims = await race(8, () => metadata.claimImport(T0, 1000))

    expect(claims.map((claim) => claim?.upload.id).sort()).toEqual(ids.slice(1).sort())
  })

  it('let expiry and purging pass over an upload that is held, and take it later', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    const uploads = []
    for (const _ of upTo(3)) uploads.push(await create(metadata, { expiresAt: T0 }))
    const held = uploads[0]!
    const hold = () => database.hold(`select * from uploads where id = '${held.id}' for update`)
    const others = uploads.slice(1).map(({ id }) => id)

    const first = await hold()
    const expired = await metadata.expireUploads(T0, 'late', 10)
    expect(expired.map(({ id }) => id).sort()).toEqual(others.sort())
    await first.release()
    expect(await metadata.expireUploads(T0, 'late', 10)).toMatchObject([{ id: held.id }])

    for (const { id } of uploads) await metadata.markFreed(id)
    const second = await hold()
    expect(await metadata.purgeUploads(T0 + 1, 10)).toBe(2)
    await second.release()
    expect(await metadata.purgeUploads(T0 + 1, 10)).toBe(1)
  })

  it('are taken on the upload before its asset by whoever deletes the asset', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    const upload = await create(metadata)
    const lock = await database.hold(`select * from uploads where id = '${upload.id}' for update`)
    const deleted = metadata.deleteAsset('alice', upload.assetId, 'deleted', T0)
    await database.waiting()

    // Whoever has the upload gets the asset too, at once.
    await lock.query(GIVE_UP_SOON)
    await lock.query(`update assets set mime_type = 'x' where id = '${upload.assetId}'`)
    await lock.release()

    expect(await deleted).toBe(true)
    expect(await metadata.findUpload('alice', upload.id)).toMatchObject({ state: 'failed' })
  })

  it('are taken on the upload before its asset by whoever purges the asset', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    const upload = await createSealed(metadata)
    await metadata.deleteAsset('alice', upload.assetId, 'deleted', T0)
    const lock = await database.hold(`select * from uploads where id = '${upload.id}' for update`)
    const purged = metadata.purgeAsset(upload.assetId)
    await database.waiting()

    await lock.query(GIVE_UP_SOON)
    await lock.query(`update assets set mime_type = 'x' where id = '${upload.assetId}'`)
    await lock.release()

    await purged
    expect(await metadata.findUpload('alice', upload.id)).toBeUndefined()
  })

  it('let nobody change an import whose lease was lost while he waited', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    const upload = sampleUpload({ method: 'url' })
    await metadata.createIngest(upload, assetFor(upload), 'https://example.com/x')
    const lease = await metadata.claimImport(T0, 1000)
    await metadata.recordChunks(upload.id, claimsFor(upload, [1, 2]), T0, lease!.until)
    const lock = await database.hold(`select * from uploads where id = '${upload.id}' for update`)
    const restarted = metadata.restartIngest(upload.id, upload, lease!.until, T0 + 1)
    const planned = metadata.planIngest(upload.id, upload, assetFor(upload), T0, lease!.until)
    await database.waiting()

    expect(await metadata.claimImport(lease!.until, 1000)).toMatchObject({
      upload: { chunksCompleted: 2 },
    })
    await lock.release()

    expect([await restarted, await planned]).toEqual([false, false])
    expect(await metadata.findUpload('alice', upload.id)).toMatchObject({ chunksCompleted: 2 })
  })

  it('are not needed to make one first key: of two that saw none, one is rolled back', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    const other = await database.hold('set transaction isolation level serializable')
    await other.query(
      `insert into api_keys (id, account, name, hash, created_at)
         select 'other', 'alice', '', '', 0 where not exists (select 1 from api_keys)`,
    )
    const key = { id: 'ours', account: 'alice', name: '', hash: 'a'.repeat(64), createdAt: T0 }

    expect(await metadata.createFirstKey({ ...key, revokedAt: undefined })).toBe(true)
    await expect(other.release()).rejects.toMatchObject({ code: '40001' })
    expect(await metadata.listKeys()).toMatchObject([{ id: 'ours' }])
  })

  it('make who comes second look again, and find the first key there', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    const other = await database.hold('set transaction isolation level serializable')
    await other.query(
      `insert into api_keys (id, account, name, hash, created_at)
         select 'ours', 'alice', '', '', 0 where not exists (select 1 from api_keys)`,
    )
    const key = { id: 'ours', account: 'alice', name: '', hash: 'a'.repeat(64), createdAt: T0 }
    // Waits for the other, because it is of the same id; is rolled back, and tries again.
    const second = metadata.createFirstKey({ ...key, revokedAt: undefined })
    await database.waiting()
    await other.release()
    expect(await second).toBe(false)
    expect(await metadata.listKeys()).toHaveLength(1)
  })

  it('never wait in a circle, whatever races', async () => {
    await using world = await createWorld()
    const { metadata, database } = world
    for (const round of upTo(15)) {
      const uploads: Upload[] = []
      for (const _ of upTo(4)) uploads.push(await create(metadata, { expiresAt: T0 + round }))
      await Promise.all(
        uploads.flatMap((upload) => [
          metadata.recordChunks(upload.id, claimsFor(upload, [1, 2]), T0),
          metadata.deleteAsset('alice', upload.assetId, 'deleted', T0),
          metadata
            .recordChunks(upload.id, claimsFor(upload, [3]), T0)
            .then(() => metadata.completeUpload(upload.id, sealedAs(upload), T0)),
          metadata.expireUploads(T0 + round, 'late', 10),
          metadata.failUpload(upload.id, 'aborted', T0),
          metadata.purgeAsset(upload.assetId),
          metadata.claimAsset(T0, 1000),
          metadata.purgeUploads(T0 + 1, 10),
        ]),
      )
    }
    // A server counts what its sessions saw when they end.
    await metadata.close()
    await expect
      .poll(
        async () => {
          const [row] = await database.query<{ deadlocks: string; commits: string }>(
            `select deadlocks, xact_commit as commits from pg_stat_database
             where datname = current_database()`,
          )
          return { deadlocks: row!.deadlocks, counted: Number(row!.commits) > 400 }
        },
        { timeout: 10_000 },
      )
      .toEqual({ deadlocks: '0', counted: true })
  })
})
