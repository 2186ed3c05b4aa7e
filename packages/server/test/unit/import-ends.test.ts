import { inspect } from 'node:util'
import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { SourceError, type Web, type WebResponse } from '../../src/core/ports.ts'
import { createMemoryPorts, NEVER } from '../support/fakes.ts'
import { ACCOUNT, createWorld, GRACE, MAX_SIZE, MIB, UPLOAD_TTL } from './world.ts'

const URL = 'https://example.com/holiday.txt?token=secret'
const TEXT = Buffer.alloc(7 * MIB, 'some text ')
const HOUR = 3_600_000

type Get = Web['get']

/** A world with one file on the web, and an asset that is to be made of it. */
async function worldWith(bytes: Uint8Array | null = TEXT, url = URL) {
  const ports = createMemoryPorts()
  const ticks: (() => void)[] = []
  const world = createWorld({
    ...ports,
    every(_ms, tick) {
      ticks.push(tick)
      return () => ticks.splice(ticks.indexOf(tick), 1)
    },
  })
  const { metadata, web, clock } = world
  if (bytes) web.pages.set(url, { bytes, validator: '"v1"' })
  const wishes = { userMetadata: {}, hls: true, thumbnail: true }
  const { id } = await world.imports.create({ account: ACCOUNT, url, filename: undefined, wishes })
  const waits: number[] = []
  const { renewImport } = metadata
  metadata.renewImport = (upload, held, until, changes) => {
    if (changes?.attempt !== undefined) waits.push(until - clock())
    return renewImport(upload, held, until, changes)
  }
  const find = () => metadata.findAsset(ACCOUNT, id)
  const run = () => world.imports.importNext(NEVER)
  const change = (next: (get: Get) => Get) => {
    web.get = next(web.get)
  }
  /** Tries, each a while after the other, until there is nothing to try. */
  async function exhaust(most = 100): Promise<number> {
    let tries = 0
    while (tries < most && (await run())) {
      tries++
      clock.advance(waits.at(-1) ?? 0)
    }
    return tries
  }
  return { ...world, id, waits, ticks, find, run, change, exhaust }
}

const failing = (error: () => Error) => () => async () => {
  throw error()
}
const away = () => new SourceError('example.com answered 503.', { transient: true })
const answering = (change: (answer: WebResponse) => Partial<WebResponse>) => (get: Get) =>
  (async (...call) => {
    const answer = await get(...call)
    return { ...answer, ...change(answer) }
  }) satisfies Get

/** The asset has failed for this reason, the URL is forgotten, and the bytes are freed. */
async function expectFailed(
  { find, metadata, id, errors }: Awaited<ReturnType<typeof worldWith>>,
  reason: RegExp,
): Promise<void> {
  const asset = await find()
  expect(asset).toMatchObject({ state: 'failed', object: undefined })
  expect(asset?.reason).toMatch(reason)
  expect(await metadata.findIngest(id)).toBeUndefined()
  expect(await metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toEqual([])
  expect(inspect([asset, errors], { depth: 20 })).not.toMatch(/secret|holiday\.txt\?/)
}

describe('an import fails for good', () => {
  it.each([
    ['when it is empty', Buffer.alloc(0), URL, /^The file is empty\.$/],
    ['when it is not there', null, URL, /^example\.com answered 404\.$/],
    ['when its kind is unknown', TEXT, URL.replace('.txt', '.xyz'), /neither video, audio/],
    [
      'when it is too large',
      Buffer.alloc(MAX_SIZE.document + 1),
      URL,
      /too large.*document.*8388608/,
    ],
  ])('%s', async (_name, bytes, url, reason) => {
    const world = await worldWith(bytes, url)
    expect(await world.run()).toBe(true)
    await expectFailed(world, reason)
    expect(world.errors).toEqual([])
    expect(await world.run()).toBe(false)
  })

  it('when it is too large, and is not read on, where nobody says how large it is', async () => {
    const world = await worldWith(Buffer.alloc(MAX_SIZE.document + 1))
    const state = { pieces: 0, returned: false }
    async function* body() {
      try {
        for (;;) yield Buffer.alloc(MIB, ++state.pieces)
      } finally {
        state.returned = true
      }
    }
    world.change(answering(() => ({ size: undefined, partial: false, body: body() })))
    await world.run()
    await expectFailed(world, /too large/)
    expect(state).toEqual({ pieces: 9, returned: true })
  })

  it('with what was to be made of it', async () => {
    const world = await worldWith(null, URL.replace('.txt', '.mp4'))
    await world.run()
    expect(await world.find()).toMatchObject({
      state: 'failed',
      hls: { state: 'error', reason: expect.any(String) },
      thumbnail: { state: 'error', reason: expect.any(String) },
    })
  })

  it.each(['waits for its turn', 'waits for another try'])(
    'when its time is over while it %s',
    async (when) => {
      const world = await worldWith()
      world.change(failing(away))
      if (when.endsWith('try')) await world.run()
      world.clock.advance(UPLOAD_TTL)
      await world.run()
      await expectFailed(world, /too long/)
    },
  )

  it('when its time is over while it is fetched', async () => {
    const world = await worldWith()
    world.change(() => (_url, { signal }) => {
      world.clock.advance(UPLOAD_TTL)
      for (const tick of world.ticks) tick()
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    })
    expect(await world.run()).toBe(true)
    await expectFailed(world, /too long/)
    expect(world.ticks).toEqual([])
  })

  it('when its time is over while the store may still be sealing it, which is freed later', async () => {
    const world = await worldWith()
    const { seal } = world.store
    let finish = async () => {}
    world.store.seal = async (upload, chunks) => {
      finish = async () => void (await seal(upload, chunks))
      throw new PartwayError('service_unavailable', 'The store does not answer.')
    }
    await world.run()
    world.clock.advance(UPLOAD_TTL)
    await world.run()
    await finish()
    expect(await world.store.size(world.id)).toBe(TEXT.byteLength)

    world.clock.advance(GRACE + 1)
    await world.sweeper.sweep()

    await expect(world.store.size(world.id)).rejects.toMatchObject({ code: 'service_unavailable' })
    expect((await world.find())?.reason).toMatch(/too long/)
    expect(await world.metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toEqual([])
  })

  it('whoever notices first that its time is over', async () => {
    const world = await worldWith()
    world.clock.advance(UPLOAD_TTL)
    await world.sweeper.sweep()
    world.clock.advance(GRACE + 1)
    await world.sweeper.sweep()
    await expectFailed(world, /\.$/)
    expect((await world.find())?.reason).not.toContain('Create a new one')
  })
})

describe('an import is tried again', () => {
  it('after waits that grow, and given up after ten tries', async () => {
    const world = await worldWith()
    world.change(failing(away))
    expect(await world.exhaust()).toBe(10)
    expect(world.waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512].map((s) => s * 1000))
    await expectFailed(world, /^example\.com answered 503\.$/)
    expect(world.errors).toHaveLength(9)
    expect(world.errors[0]!.subject).toBe(`fetch asset ${world.id}`)
  })

  it('not before the other side wants it', async () => {
    const world = await worldWith()
    const error = () => new SourceError('Too many.', { transient: true, retryAfter: 90 })
    world.change(failing(error))
    await world.run()
    world.clock.advance(89_999)
    expect(await world.run()).toBe(false)
    world.clock.advance(1)
    expect(await world.run()).toBe(true)
  })

  it('as often as it takes while every try brings something', async () => {
    const world = await worldWith(Buffer.alloc(100 * MIB, 'x'), URL.replace('.txt', '.mp4'))
    const done = new Set<number>()
    world.change((get) => async (url, request) => {
      const { start = 0 } = request.range ?? {}
      if (!request.validator) return get(url, request)
      const before = (await world.metadata.findIngest(world.id))!.chunksCompleted
      if (before !== done.size || done.has(start)) throw away()
      done.add(start)
      return get(url, request)
    })
    const tries = await world.exhaust()
    expect(tries).toBeGreaterThan(15)
    expect(await world.find()).toMatchObject({ state: 'processing', size: 100 * MIB })
    expect(world.completed).toHaveLength(1)
    expect(new Set(world.waits)).toEqual(new Set([2000]))
  })

  it.each([
    ['store', (world: Awaited<ReturnType<typeof worldWith>>) => world.store, 'put', 'storage_full'],
    [
      'database',
      (world: Awaited<ReturnType<typeof worldWith>>) => world.metadata,
      'recordChunks',
      'service_unavailable',
    ],
  ] as const)('for ever when the %s cannot answer', async (_name, port, method, code) => {
    const world = await worldWith()
    const target = port(world) as unknown as Record<string, () => Promise<unknown>>
    const works = target[method]!
    target[method] = async () => {
      throw new PartwayError(code, 'Not now.')
    }
    expect(await world.exhaust(30)).toBe(30)
    expect(Math.min(...world.waits)).toBeGreaterThan(0)
    target[method] = works
    await world.run()
    expect(world.completed).toHaveLength(1)
  })

  it('as often as always after the store could not answer', async () => {
    const world = await worldWith()
    const { put } = world.store
    world.store.put = async () => {
      throw new PartwayError('storage_full', 'The store is full.')
    }
    await world.exhaust(12)
    world.store.put = put
    const { get } = world.web
    world.change(failing(away))
    await world.run()
    world.web.get = get
    expect(await world.find()).toMatchObject({ state: 'processing' })
    world.clock.advance(HOUR)
    await world.run()
    expect(world.completed).toHaveLength(1)
  })

  it('by whoever comes next after its server died', async () => {
    const world = await worldWith()
    for (let i = 0; i < 3; i++) {
      const { until } = (await world.metadata.claimImport(world.clock(), 1000))!
      expect(await world.run()).toBe(false)
      world.clock.advance(until - world.clock())
    }
    expect(await world.run()).toBe(true)
    expect(world.completed).toHaveLength(1)
  })
})

describe('an import ends', () => {
  it.each([0, 1, 2])('when its asset is deleted, at request %i', async (at) => {
    const world = await worldWith()
    let requests = 0
    world.change((get) => async (...call) => {
      if (requests++ === at) await world.assets.remove(ACCOUNT, world.id)
      return get(...call)
    })
    expect(await world.run()).toBe(true)
    expect(world.errors).toEqual([])
    expect(await world.find()).toBeUndefined()
    expect(await world.metadata.findIngest(world.id)).toBeUndefined()
    expect(await world.run()).toBe(false)
    world.clock.advance(GRACE + 1)
    await world.sweeper.sweep()
    expect(await world.metadata.purgeUploads(Number.POSITIVE_INFINITY, 10)).toBe(1)
    expect(world.sweepErrors).toEqual([])
  })

  it('at once when its asset is deleted while nothing comes', async () => {
    const world = await worldWith()
    world.change(() => async (_url, { signal }) => {
      await world.assets.remove(ACCOUNT, world.id)
      for (const tick of world.ticks) tick()
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    })
    expect(await world.run()).toBe(true)
    expect([world.errors, world.ticks]).toEqual([[], []])
  })
})
