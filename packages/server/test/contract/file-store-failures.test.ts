import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openSqliteMetadata } from '../../src/adapters/sql/sqlite.ts'
import { begun, collect, fileOf, inPieces, sinkPut as put, putAll, readAll } from './bodies.ts'
import { type FileStoreWorld, mountSmallDisk, openFileStoreWorld } from './file-store-world.ts'
import { assetFor, sampleUpload } from './samples.ts'

describe('the file store without its folder', () => {
  let world: FileStoreWorld
  const away = () => `${world.root}-away`
  beforeEach(async () => {
    world = await openFileStoreWorld()
  })
  afterEach(() => world.close())

  const unavailable = (call: Promise<unknown>) =>
    expect(call).rejects.toMatchObject({ code: 'service_unavailable' })

  it('says service_unavailable for whatever it is asked, and works when it is back', async () => {
    const { store } = world
    const [open, fresh] = [await begun(store), sampleUpload()]
    const chunks = await putAll(store, open)
    const sealed = await begun(store)
    const { ref } = await store.seal(sealed, await putAll(store, sealed))
    await rename(world.root, away())

    await unavailable(store.ping())
    await unavailable(store.begin(fresh))
    await unavailable(put(store, open, 1))
    await unavailable(store.seal(open, chunks))
    await unavailable(store.size(ref))
    await unavailable(collect(store.open(ref, { start: 0, end: 0 })))

    await rename(away(), world.root)
    await store.ping()
    expect(await readAll(store, ref, sealed)).toEqual(fileOf(sealed))
    expect((await store.seal(open, chunks)).ref).toBe(open.assetId)
  })

  it('does not say that a chunk is not there', async () => {
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    await rename(world.root, away())
    await unavailable(world.store.stat(upload, chunks))
  })

  it('does not say that bytes are freed', async () => {
    const upload = await begun(world.store)
    const sealed = await begun(world.store)
    await world.store.seal(sealed, await putAll(world.store, sealed))
    await rename(world.root, away())
    await unavailable(world.store.abort(upload))
    await unavailable(world.store.remove(sealed.assetId))
  })

  it('does not fill an empty mount point in its place', async () => {
    await rename(world.root, away())
    await mkdir(world.root)
    await unavailable(world.store.begin(sampleUpload()))
  })
})

const disk = await mountSmallDisk('3m')
// A laptop may do without; CI may not.
if (typeof disk === 'string' && process.env.CI) throw new Error(disk)
if (typeof disk === 'string') console.warn(`Tests of a full disk are skipped: ${disk}.`)

describe.skipIf(typeof disk === 'string')('a full disk', () => {
  const path = typeof disk === 'string' ? '' : disk.path
  const filler = join(path, 'filler')
  let world: FileStoreWorld
  beforeEach(async () => {
    world = await openFileStoreWorld(path)
  })
  afterEach(async () => {
    await rm(filler, { force: true })
    await world.close()
  })
  afterAll(async () => {
    if (typeof disk !== 'string') await disk.unmount()
  })

  const fill = () =>
    expect(writeFile(filler, new Uint8Array(8 * 2 ** 20))).rejects.toMatchObject({ code: 'ENOSPC' })

  it('refuses a body with storage_full, leaves nothing, and takes it when there is room', async () => {
    const upload = await begun(world.store, 2 ** 21, 2 ** 21)
    await writeFile(filler, new Uint8Array(2 ** 21))
    const body = () => inPieces(new Uint8Array(2 ** 21), 2 ** 16)
    await expect(put(world.store, upload, 1, body())).rejects.toMatchObject({
      ...{ code: 'storage_full', status: 507 },
    })
    expect(await world.inUpload(upload)).toEqual([])
    await rm(filler)
    expect(await put(world.store, upload, 1, body())).toMatchObject({ size: 2 ** 21 })
  })

  it('keeps every chunk when there is no room to seal, and seals when there is', async () => {
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    await fill()
    await expect(world.store.seal(upload, chunks)).rejects.toMatchObject({ code: 'storage_full' })
    expect((await world.store.stat(upload, chunks)).size).toBe(3)
    await rm(filler)
    const { ref } = await world.store.seal(upload, chunks)
    expect(await readAll(world.store, ref, upload)).toEqual(fileOf(upload))
    const names = chunks.map(({ index, etag }) => `${index}.${etag}`)
    expect(await world.inObject(upload)).toEqual([...names, 'manifest.json'])
  })

  it('can free bytes, which is what makes room', async () => {
    const upload = await begun(world.store, 2 ** 20, 2 ** 20)
    await putAll(world.store, upload)
    await fill()
    await world.store.abort(upload)
    const next = await begun(world.store, 2 ** 19, 2 ** 19)
    expect(await put(world.store, next, 1)).toMatchObject({ size: 2 ** 19 })
  })

  it('refuses a record with storage_full, keeps none of it, and takes it later', async () => {
    const metadata = await openSqliteMetadata(join(path, 'partway.db'))
    onTestFinished(() => metadata.close())
    const upload = sampleUpload({ filename: 'x'.repeat(200_000) })
    const create = () => metadata.createUpload(upload, assetFor(upload))
    await fill()
    await expect(create()).rejects.toMatchObject({ code: 'storage_full' })
    expect(await metadata.findUpload('alice', upload.id)).toBeUndefined()
    await rm(filler)
    await expect(create()).resolves.toEqual({ created: true })
  })
})
