import { describe, expect, it } from 'vitest'
import type { ChunkStore, Media } from '../../src/core/ports.ts'
import type { Asset } from '../../src/core/types.ts'
import { race } from '../contract/samples.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import { ACCOUNT, createWorld, LEASE, ORIGIN } from './world.ts'

/** A world in which every content is of the type given. */
function worldOf(mimeType: string | undefined) {
  return createWorld({ media: { detect: async () => mimeType } })
}

async function processed(mimeType: string | undefined, type: Asset['type'] = 'video') {
  const world = worldOf(mimeType)
  const { metadata, processor } = world
  const upload = await world.plant()
  const claimed = metadata.claimAsset
  // The type is the client's word; planted uploads say video.
  metadata.claimAsset = async (...args) => {
    const asset = await claimed(...args)
    return asset && { ...asset, type }
  }
  await world.complete(upload)
  expect(await processor.processNext()).toBe(true)
  return metadata.findAsset(ACCOUNT, upload.assetId)
}

describe('processing', () => {
  it('has nothing to do while nothing is complete', async () => {
    const { plant, putAll, processor } = worldOf('video/mp4')
    await putAll(await plant())
    expect(await processor.processNext()).toBe(false)
  })

  it('makes an asset ready with the type found in its content', async () => {
    const world = worldOf('video/mp4')
    const upload = await world.plant()
    await world.complete(upload)
    expect(await world.processor.processNext()).toBe(true)
    expect(await world.processor.processNext()).toBe(false)
    const asset = await world.assets.find(ACCOUNT, upload.assetId, ORIGIN)
    expect(asset).toMatchObject({ state: 'ready', mimeType: 'video/mp4', reason: undefined })
  })

  it.each([
    ['video', 'video/mp4'],
    ['video', 'video/x-msvideo'],
    ['video', 'application/ogg'],
    ['video', 'application/mxf'],
    ['video', 'audio/mp4'],
    ['audio', 'audio/mpeg'],
    ['audio', 'video/mp4'],
    ['audio', 'video/webm'],
    ['image', 'image/png'],
  ] as const)('takes for %s what is %s', async (type, mimeType) => {
    expect(await processed(mimeType, type)).toMatchObject({ state: 'ready', mimeType })
  })

  it.each([
    ['video', 'image/png'],
    ['video', 'audio/mpeg'],
    ['video', 'application/pdf'],
    ['audio', 'image/png'],
    ['image', 'video/mp4'],
    ['image', 'application/ogg'],
  ] as const)('does not take for %s what is %s', async (type, mimeType) => {
    expect(await processed(mimeType, type)).toMatchObject({
      ...{ state: 'failed', mimeType, reason: `The content is ${mimeType}, not ${type}.` },
    })
  })

  it('fails content nobody recognises', async () => {
    expect(await processed(undefined)).toMatchObject({
      ...{ state: 'failed', reason: 'The content is not recognised as video.' },
    })
  })

  it('fails an asset whose bytes are not as many as they should be', async () => {
    const ports = createMemoryPorts()
    const store: ChunkStore = { ...ports.store, size: async () => 2499 }
    const world = createWorld({ ...ports, store })
    const upload = await world.plant()
    await world.complete(upload)
    await world.processor.processNext()
    expect(await world.metadata.findAsset(ACCOUNT, upload.assetId)).toMatchObject({
      ...{ state: 'failed', reason: 'The file has 2499 bytes instead of 2500.' },
    })
  })

  it('leaves an asset that could not be read to the next try after the lease', async () => {
    const media: Media = {
      async detect(read) {
        for await (const _ of read(0, 9));
        return 'video/mp4'
      },
    }
    const { plant, complete, processor, metadata, clock, store } = createWorld({ media })
    const { open } = store
    store.open = () => {
      throw new Error('the disk is away')
    }
    const upload = await plant()
    await complete(upload)
    await expect(processor.processNext()).rejects.toThrow('the disk is away')
    store.open = open
    clock.advance(LEASE - 1)
    expect(await processor.processNext()).toBe(false)
    clock.advance(1)
    expect(await processor.processNext()).toBe(true)
    const asset = await metadata.findAsset(ACCOUNT, upload.assetId)
    expect(asset).toMatchObject({ state: 'ready' })
  })

  it('fails an asset that the reader of media cannot bear', async () => {
    const media: Media = {
      async detect() {
        throw new RangeError('offset is out of bounds')
      },
    }
    const { plant, complete, processor, metadata } = createWorld({ media })
    const upload = await plant()
    await complete(upload)
    expect(await processor.processNext()).toBe(true)
    expect(await metadata.findAsset(ACCOUNT, upload.assetId)).toMatchObject({
      ...{ state: 'failed', reason: 'The content is not recognised as video.' },
    })
  })

  it('gives each asset to one of many racing processors', async () => {
    let detections = 0
    const media: Media = {
      async detect() {
        detections++
        return 'video/mp4'
      },
    }
    const { plant, complete, processor } = createWorld({ media })
    for (let i = 0; i < 3; i++) await complete(await plant())
    const worked = await race(10, () => processor.processNext())
    expect(worked.filter(Boolean)).toHaveLength(3)
    expect(detections).toBe(3)
  })

  it('hands the detector ranges of the very content', async () => {
    const read: number[] = []
    const media: Media = {
      async detect(range, size) {
        for await (const piece of range(998, 1001)) read.push(...piece)
        expect(size).toBe(2500)
        return 'video/mp4'
      },
    }
    const { plant, complete, processor } = createWorld({ media })
    await complete(await plant())
    await processor.processNext()
    const expected = [998, 999].map((i) => (i * 7 + 31) % 251)
    expect(read).toEqual([...expected, ...[0, 1].map((i) => (i * 7 + 62) % 251)])
  })

  it('recognises a real picture, chunk borders or not', async () => {
    const { plant, sink, report, processor, metadata } = createWorld()
    const upload = await plant({ totalSize: 45, chunkSize: 10 })
    const header = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk'
    const png = Buffer.from(header, 'base64')
    expect(png).toHaveLength(45)
    const claims = [1, 2, 3, 4, 5].map(async (index) => {
      const bytes = png.subarray((index - 1) * 10, index * 10)
      const ticket = { uploadId: upload.storeRef, index, size: bytes.byteLength }
      async function* body() {
        yield bytes
      }
      return { index, ...(await sink!.write(ticket, body())) }
    })
    await report(upload, await Promise.all(claims))
    await processor.processNext()
    expect(await metadata.findAsset(ACCOUNT, upload.assetId)).toMatchObject({
      ...{ state: 'failed', mimeType: 'image/png' },
    })
  })
})
