import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import type { ChunkStore } from '../../src/core/ports.ts'
import { race, upTo } from '../contract/samples.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import { ABANDONED, ACCOUNT, createWorld, GRACE, ORIGIN, RETENTION, UPLOAD_TTL } from './world.ts'

/** Memory ports whose store can be told to fail. */
function fragile() {
  const ports = createMemoryPorts()
  const broken = new Set<string>()
  const unless = async <T>(id: string, work: () => Promise<T>) => {
    if (broken.has(id)) throw new Error(`cannot touch ${id}`)
    return work()
  }
  const store: ChunkStore = {
    ...ports.store,
    seal: (upload, chunks) => unless(upload.id, () => ports.store.seal(upload, chunks)),
    abort: (upload) => unless(upload.id, () => ports.store.abort(upload)),
    remove: (ref) => unless(ref, () => ports.store.remove(ref)),
  }
  return { ...createWorld({ ...ports, store }), broken }
}

describe('the sweep', () => {
  it('expires an upload at its time and fails its asset', async () => {
    const { plant, find, clock, sweeper, assets } = createWorld()
    const upload = await plant()
    clock.advance(UPLOAD_TTL - 1)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'active' })
    clock.advance(1)
    await sweeper.sweep()
    const reason = 'It was not complete in time. Start again.'
    expect(await find(upload)).toMatchObject({ state: 'expired', reason })
    const { asset } = await assets.find(ACCOUNT, upload.assetId, ORIGIN)
    expect(asset).toMatchObject({ state: 'failed', reason })
  })

  it.each(['aborted', 'expired'])(
    'frees the bytes of an %s upload after the grace',
    async (end) => {
      const { plant, putAll, uploads, clock, sweeper, store } = createWorld()
      const upload = await plant()
      const claims = await putAll(upload)
      if (end === 'aborted') await uploads.abort(ACCOUNT, upload.id)
      else clock.advance(UPLOAD_TTL)
      await sweeper.sweep()
      clock.advance(GRACE)
      await sweeper.sweep()
      expect((await store.stat(upload, claims)).size).toBe(3)
      clock.advance(1)
      await sweeper.sweep()
      expect((await store.stat(upload, claims)).size).toBe(0)
    },
  )

  it.each(['upload', 'asset'])(
    'stops between one %s and the next, and goes on with the others later',
    async (kind) => {
      const ports = createMemoryPorts()
      const stopping = new AbortController()
      let steps = 0
      const first = async (work: () => Promise<void>) => {
        steps++
        stopping.abort()
        await work()
      }
      const store: ChunkStore = {
        ...ports.store,
        abort: (upload) => first(() => ports.store.abort(upload)),
        remove: (ref) => first(() => ports.store.remove(ref)),
      }
      const { plant, complete, uploads, assets, clock, sweeper } = createWorld({ ...ports, store })
      for (const _ of upTo(3)) {
        const upload = await plant()
        if (kind === 'upload') await uploads.abort(ACCOUNT, upload.id)
        else {
          await complete(upload)
          await assets.remove(ACCOUNT, upload.assetId)
        }
      }
      clock.advance(GRACE + 1)
      await sweeper.sweep(stopping.signal)
      expect(steps).toBe(1)
      await sweeper.sweep(stopping.signal)
      expect(steps).toBe(1)
      await sweeper.sweep()
      expect(steps).toBe(3)
    },
  )

  it('forgets an ended upload after the retention, not before', async () => {
    const { plant, uploads, find, clock, sweeper } = createWorld()
    const upload = await plant()
    await uploads.abort(ACCOUNT, upload.id)
    clock.advance(RETENTION)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'failed' })
    clock.advance(1)
    await sweeper.sweep()
    expect(await find(upload)).toBeUndefined()
  })

  it('does not forget an ended upload whose bytes could not be freed', async () => {
    const { plant, uploads, find, clock, sweeper, broken, sweepErrors } = fragile()
    const upload = await plant()
    broken.add(upload.id)
    await uploads.abort(ACCOUNT, upload.id)
    clock.advance(2 * RETENTION)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'failed' })
    expect(sweepErrors).toMatchObject([{ subject: `free upload ${upload.id}` }])
    broken.clear()
    await sweeper.sweep()
    expect(await find(upload)).toBeUndefined()
  })

  it('completes what a crash left behind, once it has been left alone for a while', async () => {
    const { plant, complete, find, clock, sweeper, broken, completed } = fragile()
    const upload = await plant()
    broken.add(upload.id)
    await expect(complete(upload)).rejects.toThrow('cannot touch')
    broken.clear()
    clock.advance(ABANDONED - 1)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'active' })
    clock.advance(1)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'completed' })
    expect(completed).toHaveLength(1)
  })

  it('completes, and does not expire, a fully recorded upload whose time is over', async () => {
    const { plant, complete, find, clock, sweeper, broken } = fragile()
    const upload = await plant()
    broken.add(upload.id)
    await expect(complete(upload)).rejects.toThrow('cannot touch')
    clock.advance(UPLOAD_TTL + RETENTION)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'active' })
    broken.clear()
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'completed' })
  })

  it('goes on with the others when one fails, and says which', async () => {
    const { plant, complete, find, clock, sweeper, broken, sweepErrors } = fragile()
    const [bad, good] = [await plant(), await plant()]
    for (const upload of [bad, good]) {
      broken.add(upload.id)
      await expect(complete(upload)).rejects.toThrow()
    }
    broken.delete(good.id)
    clock.advance(ABANDONED)
    await sweeper.sweep()
    expect(await find(good)).toMatchObject({ state: 'completed' })
    expect(sweepErrors).toMatchObject([{ subject: `complete upload ${bad.id}` }])
  })

  it('ends a pass when the store is away, and finishes everything when it is back', async () => {
    const ports = createMemoryPorts()
    const tried: string[] = []
    let away = true
    const unless = async <T>(call: string, work: () => Promise<T>) => {
      tried.push(call)
      if (away) throw new PartwayError('service_unavailable', 'The store hangs.')
      return work()
    }
    const store: ChunkStore = {
      ...ports.store,
      seal: (upload, chunks) => unless('seal', () => ports.store.seal(upload, chunks)),
      abort: (upload) => unless('abort', () => ports.store.abort(upload)),
      remove: (ref) => unless('remove', () => ports.store.remove(ref)),
      ping: () => unless('ping', async () => {}),
    }
    const { plant, complete, find, uploads, clock, sweeper } = createWorld({ ...ports, store })
    const unsealed = [await plant(), await plant(), await plant()]
    for (const upload of unsealed) await expect(complete(upload)).rejects.toThrow('hangs')
    const aborted = [await plant(), await plant(), await plant()]
    for (const { id } of aborted) await uploads.abort(ACCOUNT, id)
    clock.advance(GRACE + 1)
    tried.length = 0

    await sweeper.sweep()
    expect(tried).toEqual(['seal', 'ping', 'abort', 'ping'])

    away = false
    await sweeper.sweep()
    for (const upload of unsealed) expect(await find(upload)).toMatchObject({ state: 'completed' })
    expect(await ports.metadata.listFreeable(clock(), 10)).toEqual([])
  })

  it('goes on with the others when the store is there but for one', async () => {
    const ports = createMemoryPorts()
    let bad = ''
    const store: ChunkStore = {
      ...ports.store,
      async seal(upload, chunks) {
        if (bad === '') bad = upload.id
        if (upload.id !== bad) return ports.store.seal(upload, chunks)
        throw new PartwayError('service_unavailable', 'It takes too long.')
      },
    }
    const { plant, putAll, find, clock, sweeper } = createWorld({ ...ports, store })
    const [slow, other] = [await plant(), await plant()]
    for (const upload of [slow, other]) {
      await ports.metadata.recordChunks(upload.id, await putAll(upload), clock())
    }
    await sweeper.recover(0)
    expect(bad).toBe(slow.id)
    expect(await find(other)).toMatchObject({ state: 'completed' })
  })

  it('frees and forgets a deleted asset after the grace', async () => {
    const { plant, complete, find, clock, sweeper, assets, metadata, store } = createWorld()
    const upload = await plant()
    await complete(upload)
    await assets.remove(ACCOUNT, upload.assetId)
    clock.advance(GRACE)
    await sweeper.sweep()
    expect(await store.size(upload.assetId)).toBe(2500)
    clock.advance(1)
    await sweeper.sweep()
    await expect(store.size(upload.assetId)).rejects.toMatchObject({ code: 'service_unavailable' })
    expect(await metadata.listDeletedAssets(clock() + 1, 10)).toEqual([])
    expect(await find(upload)).toBeUndefined()
  })

  it('frees the chunks of an upload whose asset was deleted before it was complete', async () => {
    const { plant, putAll, find, clock, sweeper, assets, store } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    await assets.remove(ACCOUNT, upload.assetId)
    expect(await find(upload)).toMatchObject({ state: 'failed', reason: 'The asset was deleted.' })
    clock.advance(GRACE + 1)
    await sweeper.sweep()
    expect((await store.stat(upload, claims)).size).toBe(0)
    clock.advance(RETENTION)
    await sweeper.sweep()
    expect(await find(upload)).toBeUndefined()
  })

  it('frees what a seal left behind that lost against an abort', async () => {
    const ports = createMemoryPorts()
    const store: ChunkStore = {
      ...ports.store,
      async seal(upload, chunks) {
        await ports.metadata.failUpload(upload.id, 'aborted', ports.clock())
        return ports.store.seal(upload, chunks)
      },
    }
    const world = createWorld({ ...ports, store })
    const upload = await world.plant()
    await expect(world.complete(upload)).rejects.toThrow(/is failed/)
    expect(await world.store.size(upload.assetId)).toBe(2500)
    world.clock.advance(GRACE + 1)
    await world.sweeper.sweep()
    await expect(world.store.size(upload.assetId)).rejects.toMatchObject({
      code: 'service_unavailable',
    })
  })

  it('tries again what could not be freed', async () => {
    const { plant, complete, clock, sweeper, assets, store, broken, sweepErrors } = fragile()
    const upload = await plant()
    await complete(upload)
    await assets.remove(ACCOUNT, upload.assetId)
    broken.add(upload.assetId)
    clock.advance(GRACE + 1)
    await sweeper.sweep()
    expect(sweepErrors).toMatchObject([{ subject: `free asset ${upload.assetId}` }])
    expect(await store.size(upload.assetId)).toBe(2500)
    broken.clear()
    await sweeper.sweep()
    await expect(store.size(upload.assetId)).rejects.toMatchObject({ code: 'service_unavailable' })
  })

  it('does no harm to what is alive, however often and from however many it runs', async () => {
    const { plant, complete, putAll, report, find, clock, sweeper, assets } = createWorld()
    const [open, done] = [await plant(), await plant()]
    const { url } = await complete(done)
    const claims = await putAll(open)
    for (let i = 0; i < 3; i++) {
      clock.advance(GRACE / 3)
      await race(5, () => sweeper.sweep())
    }
    expect(await find(done)).toMatchObject({ state: 'completed' })
    expect((await assets.content(url!.slice(ORIGIN.length))).asset.id).toBe(done.assetId)
    expect(await report(open, claims)).toMatchObject({ added: 3, url: expect.any(String) })
  })
})
