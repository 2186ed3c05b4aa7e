import { describe, expect, it } from 'vitest'
import { ChunksLostError, SealRefusedError } from '../../src/core/ports.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import { ACCOUNT, createWorld, GRACE } from './world.ts'

/** A world whose store has lost these chunks by the time it seals. */
function createLossyWorld(lost: number[]) {
  const ports = createMemoryPorts()
  const seal = async () => Promise.reject(new ChunksLostError(lost))
  return createWorld({ ...ports, store: { ...ports.store, seal } })
}

describe('an upload whose reported chunks are lost', () => {
  it.each([
    [[3], 'Chunk 3 was overwritten after it was reported; start a new upload.'],
    [[1, 3], 'Chunks 1, 3 were overwritten after they were reported; start a new upload.'],
    [[1, 2, 3], 'The chunks are gone from the store; start a new upload.'],
  ])('fails with a reason that names %j', async (lost, reason) => {
    const world = createLossyWorld(lost)
    const upload = await world.plant()
    await expect(world.complete(upload)).rejects.toMatchObject({
      ...{ code: 'parameter_invalid', message: expect.stringContaining(`failed. ${reason}`) },
    })
    expect(await world.metadata.findUpload(ACCOUNT, upload.id)).toMatchObject({
      ...{ state: 'failed', reason },
    })
    expect(await world.metadata.findAsset(ACCOUNT, upload.assetId)).toMatchObject({
      ...{ state: 'failed', reason, object: undefined },
    })
  })

  it('names ten of them at most', async () => {
    const lost = Array.from({ length: 15 }, (_, i) => i + 2)
    const world = createLossyWorld(lost)
    const upload = await world.plant({ totalSize: 200, chunkSize: 10 })
    await expect(world.complete(upload)).rejects.toThrow(
      'Chunks 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 5 more were overwritten',
    )
  })

  it('fails as well when the store refuses for good to seal it', async () => {
    const ports = createMemoryPorts()
    const seal = async () => Promise.reject(new SealRefusedError('it says EntityTooSmall'))
    const world = createWorld({ ...ports, store: { ...ports.store, seal } })
    const upload = await world.plant()
    const reason = 'The store cannot make one file of the chunks: it says EntityTooSmall.'
    await expect(world.complete(upload)).rejects.toMatchObject({
      ...{ code: 'parameter_invalid', message: expect.stringContaining(reason) },
    })
    expect(await world.find(upload)).toMatchObject({ state: 'failed', reason })
  })

  it('is found by the sweep, tried once, and freed', async () => {
    const world = createLossyWorld([2])
    const upload = await world.plant()
    const claims = await world.putAll(upload)
    await world.metadata.recordChunks(upload.id, claims, world.clock())
    await world.sweeper.recover(0)
    expect(await world.metadata.findUpload(ACCOUNT, upload.id)).toMatchObject({
      ...{ state: 'failed' },
    })
    expect(await world.metadata.listUnsealed(Number.MAX_SAFE_INTEGER, 10)).toEqual([])
    world.clock.advance(GRACE + 1)
    await world.sweeper.sweep()
    expect(await world.store.stat(upload, claims)).toEqual(new Map())
  })
})
