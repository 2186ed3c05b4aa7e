import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileStore } from '../../src/adapters/fs/store.ts'
import {
  begun,
  brokenAfter,
  bytesFor,
  pausedBody,
  sinkPut as put,
  putAll,
  readAll,
} from './bodies.ts'
import { chunkUrls, type FileStoreWorld, openFileStoreWorld } from './file-store-world.ts'
import { assetFor, newId, sampleUpload } from './samples.ts'

describe('the file store on its folder', () => {
  let world: FileStoreWorld
  beforeEach(async () => {
    world = await openFileStoreWorld()
  })
  afterEach(() => world.close())

  it('names every complete body by its index and its SHA-256', async () => {
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    const names = chunks.map(({ index, etag }) => `${index}.${etag}`)
    for (const name of names) expect(name).toMatch(/^[123]\.[0-9a-f]{64}$/)
    expect(await world.inUpload(upload)).toEqual(names)
    const body = await readFile(world.uploadPath(upload, names[1]))
    expect(body).toEqual(Buffer.from(bytesFor(upload, 2)))
  })

  it('holds an arriving body under a name that ends in .tmp', async () => {
    const upload = await begun(world.store)
    const slow = pausedBody(bytesFor(upload, 2))
    const putting = put(world.store, upload, 2, slow.body)
    await slow.started
    expect(await world.inUpload(upload)).toEqual([expect.stringMatching(/^2\.[0-9a-f]+\.tmp$/)])
    slow.resume()
    const { etag } = await putting
    expect(await world.inUpload(upload)).toEqual([`2.${etag}`])
  })

  it('leaves no file behind when a body is refused', async () => {
    const upload = await begun(world.store)
    const bytes = bytesFor(upload, 1)
    const refused = [brokenAfter(bytes, 500), bytes.subarray(1), Buffer.concat([bytes, bytes])]
    for (const body of refused) await expect(put(world.store, upload, 1, body)).rejects.toThrow()
    expect(await world.inUpload(upload)).toEqual([])
    await putAll(world.store, upload)
    await put(world.store, upload, 1)
    expect(await world.inUpload(upload)).toHaveLength(3)
  })

  it('moves the folder of a sealed upload, with a manifest that needs no database', async () => {
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    await putAll(world.store, upload, 1)
    const { ref, etag } = await world.store.seal(upload, chunks)
    expect(ref).toBe(upload.assetId)
    const names = chunks.map((chunk) => `${chunk.index}.${chunk.etag}`)
    expect(await world.inObject(upload)).toEqual([...names, 'manifest.json'])
    expect(await world.inUpload(upload)).toBeUndefined()
    expect(JSON.parse(await readFile(world.objectPath(upload, 'manifest.json'), 'utf8'))).toEqual({
      ...{ version: 1, uploadId: upload.id, totalSize: 2500, chunkSize: 1000, totalChunks: 3 },
      chunks: chunks.map((chunk) => chunk.etag),
    })
    expect(etag).toMatch(/^[0-9a-f]{64}-3$/)
  })

  it('seals by moving, not by copying', async () => {
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    const name = `1.${chunks[0]!.etag}`
    const before = await stat(world.uploadPath(upload, name))
    await world.store.seal(upload, chunks)
    expect((await stat(world.objectPath(upload, name))).ino).toBe(before.ino)
  })

  it('keeps folders and bodies to the user who runs it', async () => {
    const upload = await begun(world.store)
    const [chunk] = await putAll(world.store, upload)
    const mode = async (path: string) => (await stat(path)).mode & 0o077
    expect(await mode(world.root)).toBe(0)
    expect(await mode(world.uploadPath(upload))).toBe(0)
    expect(await mode(world.uploadPath(upload, `1.${chunk!.etag}`))).toBe(0)
  })

  it('takes the write permission from a settled body', async () => {
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    await world.store.settle(upload, chunks.slice(0, 1))
    const modes = await Promise.all(
      chunks.map(async ({ index, etag }) => {
        return (await stat(world.uploadPath(upload, `${index}.${etag}`))).mode & 0o222
      }),
    )
    expect(modes.map((mode) => mode === 0)).toEqual([true, false, false])
  })

  it('still knows what is settled when it is opened anew', async () => {
    const upload = await begun(world.store)
    await world.store.settle(upload, await putAll(world.store, upload))
    const again = await world.reopen()
    await expect(put(again, upload, 1, bytesFor(upload, 1, 1))).rejects.toMatchObject({
      code: 'OperationAborted',
    })
  })

  it('reads what an earlier start sealed, and goes on with what it began', async () => {
    const sealed = await begun(world.store)
    const { ref } = await world.store.seal(sealed, await putAll(world.store, sealed))
    const open = await begun(world.store)
    await put(world.store, open, 1)
    const again = await world.reopen()
    expect(await readAll(again, ref, sealed)).toHaveLength(2500)
    expect((await again.seal(open, await putAll(again, open))).ref).toBe(open.assetId)
  })

  it('does not make the folder its root should be in', async () => {
    await expect(openFileStore(join(world.root, 'no', 'such'), chunkUrls)).rejects.toThrow('ENOENT')
  })

  it.each([
    '',
    '.',
    '..',
    '../../x',
    '/etc/passwd',
    'a'.repeat(23),
    'a'.repeat(25),
    'A'.repeat(24),
    `${'a'.repeat(24)}\n`,
    `${'a'.repeat(23)}/`,
    `../${'a'.repeat(21)}`,
    '\0'.repeat(24),
  ])('never makes a path of the id %j', async (id) => {
    const victim = join(dirname(world.root), 'victim')
    await mkdir(victim)
    await writeFile(join(victim, 'file'), 'precious')
    const { store } = world
    const upload = { ...sampleUpload(), id, storeRef: id, assetId: id }
    const calls: (() => Promise<unknown>)[] = [
      () => store.begin(upload),
      () => put(store, upload, 1),
      () => store.stat(upload, [{ index: 1, etag: 'a'.repeat(64), size: 1 }]),
      () => store.settle(upload, [{ index: 1, etag: 'a'.repeat(64), size: 1 }]),
      () => store.seal(upload, []),
      () => store.abort(upload),
      () => store.remove(id),
      () => store.size(id),
      async () => store.open(id, { start: 0, end: 0 })[Symbol.asyncIterator]().next(),
    ]
    for (const call of calls) await expect(call()).rejects.toThrow(TypeError)
    expect(await readFile(join(victim, 'file'), 'utf8')).toBe('precious')
    expect((await stat(world.root)).isDirectory()).toBe(true)
  })

  it('does not confuse an upload with an asset of the same id', async () => {
    const upload = await begun(world.store)
    await putAll(world.store, upload)
    const other = { ...sampleUpload(), assetId: upload.id, storeRef: newId() }
    await world.store.abort(other)
    await world.store.remove(assetFor(other).id)
    expect(await world.inUpload(upload)).toHaveLength(3)
  })
})
