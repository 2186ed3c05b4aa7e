import { describe, expect, it } from 'vitest'
import { createMemoryMedia } from '../../src/adapters/memory/media.ts'
import { MediaError } from '../../src/core/ports.ts'
import { race } from '../contract/samples.ts'
import { foundAs, NEVER } from '../support/fakes.ts'
import { PENDING, READY, worldWith } from './process-world.ts'
import { createWorld } from './world.ts'

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
