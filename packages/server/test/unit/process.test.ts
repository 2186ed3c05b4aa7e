import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { createMemoryMedia } from '../../src/adapters/memory/media.ts'
import { type Media, MediaError } from '../../src/core/ports.ts'
import type { Asset } from '../../src/core/types.ts'
import { race } from '../contract/samples.ts'
import { createMemoryPorts, foundAs, NEVER } from '../support/fakes.ts'
import { ACCOUNT, createWorld, LEASE } from './world.ts'

/** A world whose media answers as told, with one complete upload. */
async function worldWith(media: Partial<Media> = {}, changes: Partial<Asset> = {}) {
  const world = createWorld({ media: { ...createMemoryMedia(), ...media } })
  const { createUpload } = world.metadata
  world.metadata.createUpload = (upload, asset, ...rest) =>
    createUpload(upload, { ...asset, ...changes }, ...rest)
  const upload = await world.plant()
  await world.complete(upload)
  const process = (signal = NEVER) => world.processor.processNext(signal)
  const find = () => world.metadata.findAsset(ACCOUNT, upload.assetId)
  return { ...world, upload, process, find }
}

const PENDING = { state: 'pending', reason: undefined } as const
const READY = { state: 'ready', reason: undefined } as const

describe('inspection', () => {
  it('has nothing to do while nothing is complete', async () => {
    const { plant, putAll, processor } = createWorld()
    await putAll(await plant())
    expect(await processor.processNext(NEVER)).toBe(false)
  })

  it('makes an asset ready with what was found in its content', async () => {
    const found = foundAs('video/mp4', { duration: 2.5 })
    const { process, find } = await worldWith({ inspect: async () => found })
    expect(await process()).toBe(true)
    expect(await process()).toBe(false)
    const { mimeType, duration, technicalMetadata } = found
    expect(await find()).toMatchObject({
      ...{ state: 'ready', mimeType, duration, technicalMetadata, reason: undefined },
    })
  })

  it.each([
    ['video', 'video/mp4'],
    ['video', 'video/x-msvideo'],
    ['audio', 'audio/mpeg'],
    ['audio', 'video/mp4'],
    ['image', 'image/png'],
    ['document', 'application/pdf'],
    ['document', 'text/markdown'],
  ] as const)('takes for %s what is %s', async (type, mimeType) => {
    const inspect = async () => foundAs(mimeType)
    const { process, find } = await worldWith({ inspect }, { type })
    await process()
    expect(await find()).toMatchObject({ state: 'ready', mimeType, type })
  })

  it.each([
    ['video', 'image/png'],
    ['video', 'application/pdf'],
    ['audio', 'image/png'],
    ['image', 'video/mp4'],
    ['document', 'image/png'],
  ] as const)('does not take for %s what is %s', async (type, mimeType) => {
    const inspect = async () => foundAs(mimeType)
    const { process, find } = await worldWith({ inspect }, { type })
    await process()
    const reason = `The content is ${mimeType}, not ${type}.`
    expect(await find()).toMatchObject({ state: 'failed', mimeType, reason })
  })

  it('does not take for video what has only sound', async () => {
    const inspect = async () => foundAs('audio/mpeg')
    const { process, find } = await worldWith({ inspect })
    await process()
    const reason = 'The file has sound but no video.'
    expect(await find()).toMatchObject({ state: 'failed', reason })
  })

  it('corrects the type of what nobody declared', async () => {
    const inspect = async () => foundAs('audio/mp4')
    const { process, find } = await worldWith({ inspect }, { method: 'direct' })
    await process()
    expect(await find()).toMatchObject({ state: 'ready', type: 'audio' })
  })

  it.each([
    [foundAs(undefined), 'The content is not recognised as video.'],
    [foundAs('video/mp4', { problem: 'It is cut off.' }), 'It is cut off.'],
    [foundAs('video/mp4', { technicalMetadata: {} }), 'The file has neither video nor sound.'],
  ])('fails content that is of no use: %#', async (found, reason) => {
    const media = { inspect: async () => found }
    const { process, find } = await worldWith(media, { type: 'video', method: 'direct' })
    await process()
    expect(await find()).toMatchObject({ state: 'failed', reason })
  })

  it('fails content that a reader gives up on', async () => {
    const inspect = async () => {
      throw new MediaError('It took too long to read.')
    }
    const { process, find } = await worldWith({ inspect })
    await process()
    expect(await find()).toMatchObject({ state: 'failed', reason: 'It took too long to read.' })
  })

  it('fails an asset whose bytes are not as many as they should be', async () => {
    const { process, find, store } = await worldWith()
    store.size = async () => 2499
    await process()
    const reason = 'The file has 2499 bytes instead of 2500.'
    expect(await find()).toMatchObject({ state: 'failed', reason })
  })

  it('gives each asset to one of many racing processors', async () => {
    let inspections = 0
    const media = {
      ...createMemoryMedia(),
      async inspect() {
        inspections++
        return foundAs('video/mp4')
      },
    }
    const { plant, complete, processor } = createWorld({ media })
    for (let i = 0; i < 3; i++) await complete(await plant())
    const worked = await race(10, () => processor.processNext(NEVER))
    expect(worked.filter(Boolean)).toHaveLength(3)
    expect(inspections).toBe(3)
  })
})

describe('renditions', () => {
  it('are made of a ready asset, and kept with it', async () => {
    const wanted = { hls: PENDING, thumbnail: PENDING }
    const { process, find, store, upload } = await worldWith({}, wanted)
    await process()
    expect(await find()).toMatchObject({ state: 'ready', hls: READY, thumbnail: READY })
    for (const name of ['thumbnail.jpg', 'manifest.m3u8', 'segment-1.m4s']) {
      expect(await store.findFile(upload.assetId, name)).toBeDefined()
    }
  })

  it('do not hold up the asset itself, and show when they are being made', async () => {
    const seen: unknown[] = []
    const { process, find } = await worldWith(
      {
        async thumbnail() {
          const asset = await find()
          seen.push(asset?.state, asset?.thumbnail?.state, asset?.hls?.state)
        },
      },
      { thumbnail: PENDING, hls: PENDING },
    )
    await process()
    expect(seen).toEqual(['ready', 'processing', 'pending'])
  })

  it('that cannot be made leave an error, and the asset ready', async () => {
    const hls = async () => {
      throw new MediaError('Install ffmpeg.')
    }
    const { process, find } = await worldWith({ hls }, { hls: PENDING, thumbnail: PENDING })
    await process()
    expect(await find()).toMatchObject({
      ...{ state: 'ready', thumbnail: READY, hls: { state: 'error', reason: 'Install ffmpeg.' } },
    })
  })

  it('are not made of what failed', async () => {
    const inspect = async () => foundAs(undefined)
    const { process, find } = await worldWith({ inspect }, { hls: PENDING })
    await process()
    const reason = 'The asset itself failed.'
    expect(await find()).toMatchObject({ state: 'failed', hls: { state: 'error', reason } })
    expect(await process()).toBe(false)
  })
})

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
