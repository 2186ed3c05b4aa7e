import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import type { MemoryPage } from '../../src/adapters/memory/web.ts'
import { SourceError, type Web } from '../../src/core/ports.ts'
import { collect } from '../contract/bodies.ts'
import { NEVER } from '../support/fakes.ts'
import { ABANDONED, ACCOUNT, createWorld, LEASE, MIB } from './world.ts'

const URL = 'https://example.com/holiday.mp4'
const SIZE = 17 * MIB
const HOUR = 3_600_000
/** Four chunks; every version has other bytes. */
const version = (n: number, size = SIZE) => Buffer.alloc(size, `version ${n} of the film, `)
const page = (n: number, changes: Partial<MemoryPage> = {}): MemoryPage => ({
  ...{ bytes: version(n), validator: `"v${n}"`, ...changes },
})
const STREAM = { ranges: false, validator: undefined }
const broken = () => new SourceError('The connection broke.', { transient: true })

type Get = Web['get']

/** A world with the first version of a file on the web, and an asset that is to be made of it. */
async function worldWith(first = page(1)) {
  const world = createWorld()
  const { get, pages } = world.web
  pages.set(URL, first)
  const wishes = { userMetadata: {}, hls: false, thumbnail: false }
  const filename = undefined
  const { id } = await world.imports.create({ account: ACCOUNT, url: URL, filename, wishes })
  const find = async () => (await world.metadata.findAsset(ACCOUNT, id))!

  /** One try, later than any wait, with the web changed for its time; the first bytes of its requests. */
  async function attempt(change: (get: Get) => Get = (same) => same, stop = NEVER) {
    world.clock.advance(HOUR)
    const starts: number[] = []
    const changed = change(get)
    world.web.get = (url, request) => {
      starts.push(request.range?.start ?? 0)
      return changed(url, request)
    }
    const worked = await world.imports.importNext(stop)
    // The first only looks what it is.
    return { worked, starts: starts.slice(1).sort((a, b) => a - b) }
  }
  async function expectVersion(n: number, size = SIZE): Promise<void> {
    const { object, size: found } = await find()
    expect(found).toBe(size)
    const content = await collect(world.store.open(object!.ref, { start: 0, end: size - 1 }))
    expect(content.equals(version(n, size))).toBe(true)
  }
  return { ...world, id, find, attempt, expectVersion }
}

/** Requests that begin at one of these bytes break off; the others end first. */
const breakingAt =
  (...starts: number[]) =>
  (get: Get): Get =>
  async (url, request) => {
    const answer = await get(url, request)
    if (!starts.includes(request.range?.start ?? 0) || !request.validator) return answer
    async function* body() {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      yield new Uint8Array(1000)
      throw broken()
    }
    return { ...answer, body: body() }
  }

/** An answer of which no more than so many bytes come. */
const cutAfter =
  (bytes: number) =>
  (get: Get): Get =>
  async (url, request) => {
    const answer = await get(url, request)
    async function* body() {
      for await (const piece of answer.body) {
        yield piece.subarray(0, bytes)
        throw broken()
      }
    }
    return { ...answer, body: body() }
  }

describe('an import that broke off', () => {
  it('goes on with the chunks that are missing, and fetches no other', async () => {
    const { attempt, expectVersion, errors } = await worldWith()
    await attempt(breakingAt(5 * MIB, 15 * MIB))
    expect(errors).toMatchObject([{ error: { message: 'The connection broke.' } }])
    expect((await attempt(breakingAt(15 * MIB))).starts).toEqual([5 * MIB, 15 * MIB])
    expect((await attempt()).starts).toEqual([15 * MIB])
    await expectVersion(1)
  })

  it('fetches nothing again of which all is there', async () => {
    const { attempt, expectVersion, store } = await worldWith()
    const { seal } = store
    store.seal = async () => {
      throw new PartwayError('service_unavailable', 'The disk is away.')
    }
    await attempt()
    store.seal = seal
    expect((await attempt()).starts).toEqual([])
    await expectVersion(1)
  })

  it('starts afresh without ranges', async () => {
    const { attempt, expectVersion } = await worldWith(page(1, STREAM))
    await attempt(cutAfter(16 * MIB))
    await attempt(cutAfter(9 * MIB))
    await attempt()
    await expectVersion(1)
  })

  it('goes on in ranges when the server has learnt them', async () => {
    const { attempt, expectVersion, web } = await worldWith(page(1, STREAM))
    await attempt(cutAfter(16 * MIB + 5))
    web.pages.set(URL, page(1))
    await attempt()
    await expectVersion(1)
  })

  it('is free at once for the next when the server stops, and the try does not count', async () => {
    const { web, expectVersion, imports, metadata, clock, errors } = await worldWith()
    const { get } = web
    for (let i = 0; i < 12; i++) {
      const stop = new AbortController()
      web.get = async (url, request) => {
        if (request.validator) stop.abort(new Error('stopping'))
        return get(url, request)
      }
      expect(await imports.importNext(stop.signal)).toBe(true)
    }
    expect(errors).toEqual([])
    web.get = get
    expect(await metadata.claimImport(clock(), 0)).toMatchObject({ attempt: 1 })
    expect(await imports.importNext(NEVER)).toBe(true)
    await expectVersion(1)
  })
})

describe('a file that changes', () => {
  it('between two tries is fetched afresh', async () => {
    const { attempt, expectVersion, web } = await worldWith()
    await attempt(breakingAt(10 * MIB))
    web.pages.set(URL, page(2))
    expect((await attempt()).starts).toEqual([0, 5 * MIB, 10 * MIB, 15 * MIB])
    await expectVersion(2)
  })

  it.each([3 * MIB, 11 * MIB, 22 * MIB])('may have another length then: %i', async (size) => {
    const { attempt, expectVersion, web } = await worldWith()
    await attempt(breakingAt(10 * MIB))
    web.pages.set(URL, page(2, { bytes: version(2, size) }))
    await attempt()
    await expectVersion(2, size)
  })

  it('within a try is never mixed, and is fetched afresh by the next', async () => {
    const { attempt, expectVersion, web, find, errors } = await worldWith()
    await attempt((get) => async (url, request) => {
      if (request.range?.start === 10 * MIB) web.pages.set(URL, page(2))
      return get(url, request)
    })
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining('changed') } }])
    expect(await find()).toMatchObject({ state: 'processing', object: undefined })
    await attempt()
    await expectVersion(2)
  })

  it('is not mixed when there are no ranges for a while', async () => {
    const { attempt, expectVersion, web } = await worldWith()
    await attempt(breakingAt(10 * MIB))
    web.pages.set(URL, page(2, STREAM))
    await attempt(cutAfter(12 * MIB))
    web.pages.set(URL, page(1))
    await attempt()
    await expectVersion(1)
  })

  it('is not mixed when it comes without ranges from then on', async () => {
    const { attempt, expectVersion, web } = await worldWith()
    await attempt(breakingAt(10 * MIB))
    web.pages.set(URL, page(2, { ...STREAM, bytes: version(2, 22 * MIB) }))
    await attempt()
    await expectVersion(2, 22 * MIB)
  })

  it('with every try is kept when it comes whole at last', async () => {
    const { attempt, expectVersion, web } = await worldWith()
    for (let n = 2; n < 8; n++) {
      web.pages.set(URL, page(n))
      await attempt(breakingAt(5 * MIB))
    }
    await attempt()
    await expectVersion(7)
  })

  it('is not taken for complete while more of it comes than there was', async () => {
    const { attempt, expectVersion, web, sweeper, clock, find } = await worldWith()
    await attempt(breakingAt(10 * MIB))
    web.pages.set(URL, page(2, { ...STREAM, bytes: version(2, 22 * MIB) }))
    await attempt((get) => async (url, request) => {
      const answer = await get(url, request)
      async function* body() {
        for await (const whole of answer.body) {
          yield whole.subarray(0, 21 * MIB)
          // A slow line: nothing comes for longer than a crash is given.
          clock.advance(ABANDONED)
          await sweeper.sweep()
          yield whole.subarray(21 * MIB)
        }
      }
      return { ...answer, size: undefined, body: body() }
    })
    expect((await find()).state).toBe('processing')
    await expectVersion(2, 22 * MIB)
  })
})

it('an import that lost its lease leaves no bytes in the way of its successor', async () => {
  const { web, clock, imports, expectVersion } = await worldWith()
  const { get } = web
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const waiting: number[] = []
  web.get = async (url, request) => {
    const answer = await get(url, request)
    if (request.range?.start !== 0 || !request.validator) return answer
    const gate = gates[waiting.push(0) - 1]!
    async function* body() {
      await gate.promise
      yield* answer.body
    }
    return { ...answer, body: body() }
  }
  const first = imports.importNext(NEVER)
  await expect.poll(() => waiting.length).toBe(1)
  web.pages.set(URL, page(2))
  clock.advance(LEASE)
  const second = imports.importNext(NEVER)
  await expect.poll(() => waiting.length).toBe(2)
  gates[0]!.resolve()
  await first
  gates[1]!.resolve()
  await second
  await expectVersion(2)
})
