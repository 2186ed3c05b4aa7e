import { mkdir, open, rename, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Manifest, manifestOf } from '../../src/adapters/fs/manifest.ts'
import { begun, fileOf, put, putAll, readAll } from './bodies.ts'
import { type FileStoreWorld, openFileStoreWorld } from './file-store-world.ts'

// What a kill can leave behind is made by hand here; the e2e tests kill real programs.

describe('the file store after a crash', () => {
  let world: FileStoreWorld
  beforeEach(async () => {
    world = await openFileStoreWorld()
  })
  afterEach(() => world.close())

  const written = async () => {
    const upload = await begun(world.store)
    return { upload, chunks: await putAll(world.store, upload) }
  }

  it('does not take a half-written body for a chunk, and drops it at seal', async () => {
    const { upload, chunks } = await written()
    const leftovers = ['1.0123456789abcdef.tmp', '3.fedcba9876543210.tmp']
    for (const name of leftovers) await writeFile(world.uploadPath(upload, name), 'half a bo')
    const store = await world.reopen()
    expect((await store.stat(upload, chunks)).size).toBe(3)
    await store.seal(upload, chunks)
    expect(await world.inObject(upload)).toHaveLength(4)
  })

  it('drops a half-written manifest at seal', async () => {
    const { upload, chunks } = await written()
    await writeFile(world.uploadPath(upload, 'manifest.json.0123456789abcdef'), '{"version":1,"up')
    const store = await world.reopen()
    await store.seal(upload, chunks)
    const names = chunks.map(({ index, etag }) => `${index}.${etag}`)
    expect(await world.inObject(upload)).toEqual([...names, 'manifest.json'])
  })

  it('makes a rename durable that a killed seal left behind', async () => {
    const { upload, chunks } = await written()
    await world.store.seal(upload, chunks)
    const file = await open(world.root)
    const sync = vi.spyOn(Object.getPrototypeOf(file), 'sync')
    try {
      await world.store.seal(upload, chunks)
      // Both folders that the rename touched.
      expect(sync).toHaveBeenCalledTimes(2)
    } finally {
      sync.mockRestore()
      await file.close()
    }
  })

  it('seals again when it was killed between the manifest and the rename', async () => {
    const { upload, chunks } = await written()
    const manifest = JSON.stringify(manifestOf(upload, chunks))
    await writeFile(world.uploadPath(upload, 'manifest.json'), manifest)
    const store = await world.reopen()
    const { ref } = await store.seal(upload, chunks)
    expect(await readAll(store, ref, upload)).toEqual(fileOf(upload))
    expect(await world.inUpload(upload)).toBeUndefined()
  })

  it('does not trust the manifest of a seal that was never finished', async () => {
    const { upload, chunks } = await written()
    const stale: Manifest = { ...manifestOf(upload, chunks), totalSize: 1, chunks: [] }
    await writeFile(world.uploadPath(upload, 'manifest.json'), JSON.stringify(stale))
    const { ref } = await world.store.seal(upload, chunks)
    expect(await readAll(world.store, ref, upload)).toEqual(fileOf(upload))
  })

  it('finds the job done when it was killed after the rename', async () => {
    const { upload, chunks } = await written()
    await writeFile(
      world.uploadPath(upload, 'manifest.json'),
      JSON.stringify(manifestOf(upload, chunks)),
    )
    await rename(world.uploadPath(upload), world.objectPath(upload))
    const store = await world.reopen()
    const sealed = await store.seal(upload, chunks)
    expect(await readAll(store, sealed.ref, upload)).toEqual(fileOf(upload))
    const twin = await written()
    expect((await store.seal(twin.upload, twin.chunks)).etag).toBe(sealed.etag)
  })

  it('loses nothing that was acknowledged when it drops strays only half-way', async () => {
    const { upload, chunks } = await written()
    await putAll(world.store, upload, 1)
    await mkdir(world.uploadPath(upload, '9.not-a-body.tmp'))
    await expect(world.store.seal(upload, chunks)).rejects.toThrow()
    expect((await world.store.stat(upload, chunks)).size).toBe(3)
  })

  it('takes the rest of an upload that was open when it was killed', async () => {
    const upload = await begun(world.store)
    const first = await put(world.store, upload, 1)
    const store = await world.reopen()
    expect((await store.stat(upload, [{ index: 1, ...first }])).get(1)).toEqual(first)
    const { ref } = await store.seal(upload, await putAll(store, upload))
    expect(await readAll(store, ref, upload)).toEqual(fileOf(upload))
  })

  it('finishes an abort that was killed half-way', async () => {
    const { upload, chunks } = await written()
    await rename(
      world.uploadPath(upload, `1.${chunks[0]!.etag}`),
      `${world.uploadPath(upload)}/gone`,
    )
    await world.store.abort(upload)
    expect(await world.inUpload(upload)).toBeUndefined()
  })
})
