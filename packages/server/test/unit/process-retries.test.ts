import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { createMemoryMedia } from '../../src/adapters/memory/media.ts'
import { createMemoryPorts, foundAs, NEVER } from '../support/fakes.ts'
import { PENDING, READY, worldWith } from './process-world.ts'
import { ACCOUNT, createWorld, LEASE } from './world.ts'

async function* text(content: string) {
  yield new TextEncoder().encode(content)
}

describe('a step that breaks off', () => {
  it('is done again after a while, and those before it are not', async () => {
    let [inspections, tries] = [0, 0]
    const { process, find, clock, errors } = await worldWith(
      {
        async inspect() {
          inspections++
          return foundAs('video/mp4')
        },
        async hls() {
          if (++tries === 1) throw new Error('the network is down')
        },
      },
      { hls: PENDING },
    )
    await process()
    expect(errors).toMatchObject([{ error: { message: 'the network is down' } }])
    expect(await find()).toMatchObject({ state: 'ready', hls: { state: 'processing' } })
    expect(await process()).toBe(false)
    clock.advance(60_000)
    expect(await process()).toBe(true)
    expect(await find()).toMatchObject({ state: 'ready', hls: READY })
    expect([inspections, tries]).toEqual([1, 2])
  })

  it('is given up after five tries', async () => {
    const hls = async () => {
      throw new Error('no luck')
    }
    const { process, find, clock } = await worldWith({ hls }, { hls: PENDING })
    let tries = 0
    while (await process()) {
      tries++
      clock.advance(3_600_000)
    }
    expect(tries).toBe(6)
    const asset = await find()
    expect(asset).toMatchObject({ state: 'ready', hls: { state: 'error' } })
    expect(asset?.hls?.reason).toContain('5 times')
  })

  it('counts crashes like errors', async () => {
    const { process, find, clock, metadata } = await worldWith()
    for (let i = 0; i < 5; i++) {
      await metadata.claimAsset(clock(), LEASE)
      clock.advance(LEASE)
    }
    await process()
    expect(await find()).toMatchObject({ state: 'failed' })
  })

  it('because of the store counts for nothing', async () => {
    const { process, find, clock, store } = await worldWith()
    const { size } = store
    store.size = async () => {
      throw new PartwayError('service_unavailable', 'the disk is away')
    }
    for (let i = 0; i < 20; i++) {
      await process()
      clock.advance(60_000)
    }
    store.size = size
    await process()
    expect(await find()).toMatchObject({ state: 'ready' })
  })

  it('because of the store counts for nothing while a stream is made, either', async () => {
    const hls = async () => {
      throw new Error('the tool had no answer')
    }
    const { process, find, clock, store, metadata } = await worldWith({ hls }, { hls: PENDING })
    await process()
    const { size } = store
    store.size = async () => {
      throw new PartwayError('service_unavailable', 'the disk is away')
    }
    for (let i = 0; i < 20; i++) {
      clock.advance(600_000)
      await process()
    }
    store.size = size
    expect(await find()).toMatchObject({ state: 'ready', hls: { state: 'processing' } })
    clock.advance(600_000)
    expect(await metadata.claimAsset(clock(), LEASE)).toMatchObject({ attempt: 2 })
  })

  it('leaves no half of a stream', async () => {
    const emitted = ['init.mp4', 'segment_00000.m4s']
    const { process, store, upload } = await worldWith(
      {
        async hls(_source, _found, emit) {
          for (const name of emitted) await emit(name, text('half'))
          throw new PartwayError('storage_full', 'no room')
        },
      },
      { hls: PENDING, thumbnail: PENDING },
    )
    await process()
    for (const name of emitted) expect(await store.findFile(upload.assetId, name)).toBeUndefined()
    expect(await store.findFile(upload.assetId, 'thumbnail.jpg')).toBeDefined()
  })

  it('leaves the files alone of who took the asset over', async () => {
    const { process, store, upload, clock, metadata } = await worldWith(
      {
        async hls(_source, _found, emit) {
          await emit('init.mp4', text('half'))
          clock.advance(LEASE)
          await metadata.claimAsset(clock(), LEASE)
          await store.putFile(upload.assetId, 'init.mp4', text('theirs'))
          throw new Error('aborted')
        },
      },
      { hls: PENDING },
    )
    await process()
    expect(await store.findFile(upload.assetId, 'init.mp4')).toMatchObject({ size: 6 })
  })

  it('because the server stops is free at once for the next', async () => {
    const stop = new AbortController()
    let tries = 0
    const { process, find, errors } = await worldWith({
      async inspect(_source, _name, signal) {
        if (++tries === 1) stop.abort(new Error('stopping'))
        signal.throwIfAborted()
        return foundAs('video/mp4')
      },
    })
    await process(stop.signal)
    expect(await find()).toMatchObject({ state: 'processing' })
    await process()
    expect(await find()).toMatchObject({ state: 'ready' })
    expect(errors).toEqual([])
  })

  it('because somebody else took the asset changes nothing', async () => {
    const { process, find, clock, metadata } = await worldWith({
      async inspect() {
        clock.advance(LEASE)
        await metadata.claimAsset(clock(), LEASE)
        return foundAs('video/mp4')
      },
    })
    await process()
    expect(await find()).toMatchObject({ state: 'processing' })
  })
})

describe('the lease', () => {
  it('is given up by who cannot renew it in time', async () => {
    const ticks: (() => void)[] = []
    const media = createMemoryMedia()
    const every = (_ms: number, tick: () => void) => {
      ticks.push(tick)
      return () => {}
    }
    const world = createWorld({ media, every })
    await world.complete(await world.plant())
    world.metadata.renewAsset = async () => {
      throw new Error('the database is away')
    }
    let aborted: boolean | undefined
    media.inspect = async (_source, _name, signal) => {
      for (const [after, expected] of [
        [LEASE / 2, false],
        [LEASE / 2, true],
      ] as const) {
        world.clock.advance(after)
        for (const tick of ticks) tick()
        await new Promise(setImmediate)
        expect(signal.aborted).toBe(expected)
      }
      aborted = signal.aborted
      signal.throwIfAborted()
      return foundAs('video/mp4')
    }
    await world.processor.processNext(NEVER)
    expect(aborted).toBe(true)
  })

  it('is renewed as long as the work lasts', async () => {
    const ports = createMemoryPorts()
    const ticks: (() => void)[] = []
    const media = createMemoryMedia()
    const world = createWorld({
      ...ports,
      media,
      every: (_ms, tick) => {
        ticks.push(tick)
        return () => ticks.splice(ticks.indexOf(tick), 1)
      },
    })
    media.inspect = async () => {
      for (let i = 0; i < 10; i++) {
        world.clock.advance(LEASE / 3)
        for (const tick of ticks) tick()
        await new Promise(setImmediate)
        expect(await world.metadata.claimAsset(world.clock(), LEASE)).toBeUndefined()
      }
      return foundAs('video/mp4')
    }
    const upload = await world.plant()
    await world.complete(upload)
    await world.processor.processNext(NEVER)
    const asset = await world.metadata.findAsset(ACCOUNT, upload.assetId)
    expect(asset).toMatchObject({ state: 'ready' })
    expect(ticks).toEqual([])
  })

  it('ends the work when the asset is deleted meanwhile', async () => {
    let aborted = false
    const ports = createMemoryPorts()
    const ticks: (() => void)[] = []
    const media = createMemoryMedia()
    const world = createWorld({
      ...ports,
      media,
      every: (_ms, tick) => {
        ticks.push(tick)
        return () => {}
      },
    })
    const upload = await world.plant()
    await world.complete(upload)
    media.inspect = async (_source, _name, signal) => {
      await world.assets.remove(ACCOUNT, upload.assetId)
      for (const tick of ticks) tick()
      await new Promise(setImmediate)
      aborted = signal.aborted
      signal.throwIfAborted()
      return foundAs('video/mp4')
    }
    expect(await world.processor.processNext(NEVER)).toBe(true)
    expect(aborted).toBe(true)
    expect(world.errors).toEqual([])
  })
})
