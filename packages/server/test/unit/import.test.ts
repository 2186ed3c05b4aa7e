import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError, type WebResponse } from '../../src/core/ports.ts'
import { collect } from '../contract/bodies.ts'
import { race } from '../contract/samples.ts'
import { NEVER } from '../support/fakes.ts'
import { PNG } from '../support/http-uploads.ts'
import { ACCOUNT, createWorld, MIB, ORIGIN, type World } from './world.ts'

const URL = 'https://example.com/films/holiday.mp4?token=secret'
const FILM = Buffer.alloc(12 * MIB, 'the bytes of a film, one after the other ')
const PENDING = { state: 'pending', reason: undefined } as const

function create(world: Pick<World, 'imports'>, url = URL, filename?: string) {
  const wishes = { userMetadata: { a: 1 }, hls: true, thumbnail: true }
  return world.imports.create({ account: ACCOUNT, url, filename, wishes })
}

/** A world with one file on the web, and an asset that is to be made of it. */
async function worldWith(bytes: Uint8Array = FILM, change: Partial<WebResponse> = {}) {
  const world = createWorld()
  const { get, pages } = world.web
  pages.set(URL, { bytes, validator: '"v1"' })
  const requests: string[] = []
  world.web.get = async (url, request) => {
    const { start = 0, end = '' } = request.range ?? {}
    requests.push(`${start}-${end}${request.validator ? ` if ${request.validator}` : ''}`)
    return { ...(await get(url, request)), ...change }
  }
  const { id } = await create(world)
  const find = async () => (await world.metadata.findAsset(ACCOUNT, id))!
  const run = () => world.imports.importNext(NEVER)
  async function content(): Promise<Buffer> {
    const { object, size } = await find()
    return collect(world.store.open(object!.ref, { start: 0, end: size - 1 }))
  }
  return { ...world, id, requests, find, run, content }
}

describe('an import', () => {
  it('shows at once, before anything is fetched', async () => {
    const { id, requests, find, assets, run, completed } = await worldWith()
    expect(await find()).toMatchObject({
      ...{ id, method: 'url', state: 'processing', filename: 'holiday.mp4', type: 'video' },
      ...{ size: 0, userMetadata: { a: 1 }, hls: PENDING, thumbnail: PENDING, object: undefined },
    })
    expect(await assets.find(ACCOUNT, id, ORIGIN)).toMatchObject({ fetchedSize: 0 })
    expect(requests).toEqual([])
    expect(await run()).toBe(true)
    expect(await find()).toMatchObject({ state: 'processing', size: FILM.byteLength })
    expect(completed).toHaveLength(1)
    expect(await run()).toBe(false)
  })

  it.each([true, false])('whose commit had no answer is taken back, or named: %s', async (away) => {
    const world = createWorld()
    const { metadata } = world
    const { createIngest } = metadata
    metadata.createIngest = async (...args) => {
      await createIngest(...args)
      throw new OutcomeUnknownError('service_unavailable', 'It may have been made.')
    }
    if (away) metadata.deleteAsset = () => Promise.reject(new Error('away'))
    const error: Error = await create(world).catch((e) => e)
    expect(error).toMatchObject({ code: 'service_unavailable' })
    const { items } = await metadata.listAssets(ACCOUNT, { page: 1, limit: 10 }, {})
    expect(items).toHaveLength(away ? 1 : 0)
    if (away) expect(error.message).toContain(`Asset ${items[0]!.id} may have been made`)
    expect(await world.imports.importNext(NEVER)).toBe(away)
  })

  it.each([1, 65_535, 65_536, 65_537, 5 * MIB, 5 * MIB + 1, 12 * MIB])(
    'of %i bytes has those that are on the web',
    async (size) => {
      const bytes = FILM.subarray(0, size)
      for (const change of [{}, { validator: undefined }, { size: undefined }, { ranges: false }]) {
        const { run, content, errors } = await worldWith(bytes, change)
        await run()
        expect(errors).toEqual([])
        expect((await content()).equals(bytes)).toBe(true)
      }
    },
  )

  it.each([
    ['serves no ranges', { ranges: false, validator: '"v1"' }],
    ['names no version', { ranges: true, validator: undefined }],
    ['does neither', { ranges: false, validator: undefined }],
  ])('comes from a server that %s', async (_name, page) => {
    const { web, run, content } = await worldWith()
    web.pages.set(URL, { bytes: FILM, ...page })
    await run()
    expect((await content()).equals(FILM)).toBe(true)
  })

  it('asks for the whole once when the first answer is the whole', async () => {
    const { web, run, content, requests } = await worldWith()
    web.pages.set(URL, { bytes: FILM, validator: '"v1"', ranges: false })
    await run()
    expect(requests).toHaveLength(1)
    expect((await content()).equals(FILM)).toBe(true)
  })

  it('asks for each chunk once, and only of the version it began with', async () => {
    const { run, requests } = await worldWith()
    await run()
    const [first, ...rest] = requests
    expect(first).toBe('0-65535')
    expect(rest.sort()).toEqual([
      '0-5242879 if "v1"',
      '10485760-12582911 if "v1"',
      '5242880-10485759 if "v1"',
    ])
  })

  it('shows how much of it is stored', async () => {
    const { id, web, run, assets } = await worldWith()
    const fetched = async () => (await assets.find(ACCOUNT, id, ORIGIN)).fetchedSize
    const { get } = web
    let seen: unknown
    web.get = async (url, request) => {
      if (request.range?.start === 10 * MIB) {
        while ((await fetched()) !== 10 * MIB) await new Promise(setImmediate)
        seen = (await assets.find(ACCOUNT, id, ORIGIN)).asset.size
      }
      return get(url, request)
    }
    await run()
    expect(seen).toBe(12 * MIB)
    expect(await fetched()).toBeUndefined()
  })

  it('forgets its URL when it is over', async () => {
    const { id, run, metadata } = await worldWith()
    expect(await metadata.findIngest(id)).toBeDefined()
    await run()
    expect(await metadata.findIngest(id)).toBeUndefined()
  })

  it('is no session that anybody sees', async () => {
    const { uploads } = await worldWith()
    expect(await uploads.list(ACCOUNT, { page: 1, limit: 10 })).toMatchObject({ total: 0 })
  })

  it('becomes ready like every other asset', async () => {
    const { run, find, processor } = await worldWith()
    expect(await processor.processNext(NEVER)).toBe(false)
    await run()
    expect(await processor.processNext(NEVER)).toBe(true)
    expect(await find()).toMatchObject({ state: 'ready', hls: { state: 'ready' } })
  })

  it('has at most four connections at once, and leaves none behind', async () => {
    const { web, run } = await worldWith(Buffer.alloc(41 * MIB, 'long'))
    let [open, most] = [0, 0]
    const signals: AbortSignal[] = []
    const { get } = web
    web.get = async (url, request) => {
      signals.push(request.signal)
      const answer = await get(url, request)
      async function* body() {
        most = Math.max(most, ++open)
        for await (const piece of answer.body) {
          await new Promise(setImmediate)
          yield piece
        }
        open--
      }
      return { ...answer, body: body() }
    }
    await run()
    expect(signals).toHaveLength(10)
    expect(most).toBeGreaterThan(1)
    // The first, which was only looked at, may still stand open: its signal ends it.
    expect(most).toBeLessThanOrEqual(5)
    expect(signals[0]!.aborted).toBe(true)
  })
})

describe('many imports', () => {
  it('are fetched once each, however many fetch', async () => {
    const { web, metadata, imports, requests } = await worldWith(FILM.subarray(0, 99))
    for (const n of [1, 2]) {
      web.pages.set(`https://example.com/${n}.mp4`, { bytes: FILM, validator: `"${n}"` })
      await create({ imports }, `https://example.com/${n}.mp4`)
    }
    const worked = await race(10, () => imports.importNext(NEVER))
    expect(worked.filter(Boolean)).toHaveLength(3)
    expect(requests.filter((text) => text === '0-65535')).toHaveLength(3)
    const { items } = await metadata.listAssets(ACCOUNT, { page: 1, limit: 10 }, {})
    expect(items.map(({ size }) => size).sort()).toEqual([FILM.byteLength, FILM.byteLength, 99])
  })
})

describe('the name of an import', () => {
  it.each([
    ['https://example.com/a/holiday%20%C3%BC.MP4?x=/b.png#c', 'holiday ü.MP4'],
    ['https://example.com', 'unnamed'],
    ['https://example.com/folder/', 'unnamed'],
    ['https://example.com/%2e%2e', 'unnamed'],
    ['https://example.com/..%2f..%2fetc', 'unnamed'],
    ['https://example.com/a%00b', 'unnamed'],
    ['https://example.com/a%0d%0ab', 'unnamed'],
    ['https://example.com/a%C2%85b', 'unnamed'],
    ['https://example.com/%ff%fe', 'unnamed'],
    ['https://example.com/100%', 'unnamed'],
    [`https://example.com/${'é'.repeat(300)}`, 'é'.repeat(255)],
  ])('is told by its URL: %s', async (url, name) => {
    expect(await create(createWorld(), url)).toMatchObject({ filename: name })
  })

  it('is never cut within a character', async () => {
    const { filename } = await create(createWorld(), `https://example.com/${'🎬'.repeat(200)}`)
    expect(filename.isWellFormed()).toBe(true)
  })

  it('is what was wished for', async () => {
    expect(await create(createWorld(), URL, 'b.png')).toMatchObject({
      ...{ filename: 'b.png', type: 'image', hls: undefined, thumbnail: PENDING },
    })
  })

  it('is told by the answer where the URL does not', async () => {
    const world = createWorld()
    const url = 'https://example.com/?id=1'
    const { id } = await create(world, url)
    const { get, pages } = world.web
    pages.set(url, { bytes: FILM.subarray(0, 99), validator: undefined })
    world.web.get = async (...call) => ({ ...(await get(...call)), filename: 'song.mp3' })
    await world.imports.importNext(NEVER)
    const asset = await world.metadata.findAsset(ACCOUNT, id)
    expect(asset).toMatchObject({ filename: 'song.mp3', type: 'audio' })
  })

  it('stays what it was where there was one', async () => {
    const { run, find } = await worldWith(FILM.subarray(0, 99), { filename: 'other.mp3' })
    await run()
    expect(await find()).toMatchObject({ filename: 'holiday.mp4', type: 'video' })
  })
})

describe('the content of an import', () => {
  it('tells its type, and whether there can be a stream', async () => {
    for (const change of [{}, { ranges: false }]) {
      const { run, find } = await worldWith(PNG, change)
      await run()
      expect(await find()).toMatchObject({ type: 'image', hls: undefined, thumbnail: PENDING })
    }
  })

  it('keeps what was changed of the asset meanwhile', async () => {
    const { id, run, find, metadata, clock, web } = await worldWith()
    const { get } = web
    web.get = async (...call) => {
      const change = { kind: 'merge', values: { b: 2 } } as const
      await metadata.changeUserMetadata(ACCOUNT, id, change, clock())
      return get(...call)
    }
    await run()
    expect(await find()).toMatchObject({ userMetadata: { a: 1, b: 2 } })
  })
})
