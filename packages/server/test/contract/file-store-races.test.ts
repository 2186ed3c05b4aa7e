import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { begun, bytesFor, fileOf, inPieces, sinkPut as put, putAll, readAll } from './bodies.ts'
import { type FileStoreWorld, openFileStoreWorld } from './file-store-world.ts'
import { race } from './samples.ts'

// Which call comes first is up to the machine, so each race is run many times over.
const ROUNDS = 25

describe('races on the folder of an upload', () => {
  let world: FileStoreWorld
  beforeEach(async () => {
    world = await openFileStoreWorld()
  })
  afterEach(() => world.close())

  /** Starts PUTs of other bytes, each a few turns of the event loop after the one before. */
  const lateBodies = (upload: Awaited<ReturnType<typeof begun>>) =>
    Promise.allSettled(
      Array.from({ length: 12 }, async (_, i) => {
        for (let turn = 0; turn < i * 3; turn++) {
          await new Promise((resolve) => setImmediate(resolve))
        }
        const index = (i % upload.totalChunks) + 1
        return put(world.store, upload, index, inPieces(bytesFor(upload, index, 1 + i), 5))
      }),
    )

  it('leave nothing but the proven bodies when PUTs race the seal', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const upload = await begun(world.store, 40, 10)
      const chunks = await putAll(world.store, upload)
      const late = lateBodies(upload)
      const { ref } = await world.store.seal(upload, chunks)
      await late
      const names = chunks.map(({ index, etag }) => `${index}.${etag}`)
      expect(await world.inObject(upload)).toEqual([...names, 'manifest.json'])
      expect(await world.inUpload(upload)).toBeUndefined()
      expect(await readAll(world.store, ref, upload)).toEqual(fileOf(upload))
    }
  })

  it('leave nothing but the proven bodies when seals race each other', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const upload = await begun(world.store, 40, 10)
      const chunks = await putAll(world.store, upload)
      await putAll(world.store, upload, 1)
      await race(20, () => world.store.seal(upload, chunks))
      const names = chunks.map(({ index, etag }) => `${index}.${etag}`)
      expect(await world.inObject(upload)).toEqual([...names, 'manifest.json'])
    }
  })

  it('leave nothing at all when PUTs race an abort that is repeated after them', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const upload = await begun(world.store, 40, 10)
      const late = lateBodies(upload)
      // A PUT can put something into the folder while it is emptied; then it is tried again.
      await world.store.abort(upload).catch((error) => {
        expect(error).toMatchObject({ code: 'service_unavailable' })
      })
      await late
      await world.store.abort(upload)
      expect(await world.inUpload(upload)).toBeUndefined()
    }
  })
})
