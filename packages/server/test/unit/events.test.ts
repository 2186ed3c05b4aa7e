import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { createMemoryMetadata } from '../../src/adapters/memory/metadata.ts'
import { cursorOf } from '../../src/core/cursor.ts'
import { createEvents, MAX_CHANGES, MAX_STREAMS, type StreamEvent } from '../../src/core/events.ts'
import { OVERLAP_MS } from '../../src/core/feed.ts'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { assetFor, claimsFor, HOUR, sampleUpload, sealedAs, T0 } from '../contract/samples.ts'
import { createManualEvery } from '../support/events.ts'
import { createFakeClock } from '../support/fakes.ts'

const POLL = 1000

function createWorld(change: Partial<Metadata> = {}) {
  const clock = createFakeClock(T0)
  const timers = createManualEvery()
  const memory = createMemoryMetadata()
  const metadata: Metadata = { ...memory, ...change }
  const errors: string[] = []
  const keys = { valid: true, broken: false }
  const events = createEvents({
    ...{ metadata, clock, every: timers.every, graceMs: HOUR },
    onError: (_error, subject) => errors.push(subject),
    async authenticate() {
      if (keys.broken) throw new PartwayError('service_unavailable', 'no')
      if (!keys.valid) throw new PartwayError('api_key_invalid', 'no')
    },
  })
  const opened = (cursor?: string, account = 'alice') =>
    events.open({ account, key: 'k', cursor: cursor ?? undefined })

  /** A stream and what it has told. */
  async function watch(cursor?: string, account?: string) {
    const stream = await opened(cursor, account)
    const told: StreamEvent[] = []
    const ended = (async () => {
      for await (const event of stream.events) told.push(event)
    })()
    await settle()
    return { told, ended, close: stream.close }
  }

  async function create(changes: Partial<Upload> = {}) {
    const upload = sampleUpload({ createdAt: clock(), updatedAt: clock(), ...changes })
    await memory.createUpload(upload, assetFor(upload))
    return upload
  }

  /** Lets the servers look once more, a second later. */
  async function poll() {
    clock.advance(POLL)
    timers.tick(POLL)
    await settle()
  }

  return {
    ...{ clock, timers, metadata: memory, events, errors, keys },
    ...{ opened, watch, create, poll },
  }
}

/** Everything that can happen without another tick has happened. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

/** Short, to compare with. */
const shown = (told: StreamEvent[]) =>
  told.map((event) => {
    if (event.kind === 'upload') return `upload ${event.upload.id} ${event.upload.state}`
    if (event.kind === 'asset') return `asset ${event.asset.id} ${event.asset.state}`
    return event.kind === 'asset_deleted' ? `deleted ${event.id}` : event.kind
  })

const states = ({ id, assetId }: Upload, upload = 'active', asset = 'processing') => [
  `upload ${id} ${upload}`,
  `asset ${assetId} ${asset}`,
]

const cursors = (told: StreamEvent[]) =>
  told.map((event) => (event.kind === 'beat' ? undefined : event.cursor))

describe('a stream that begins', () => {
  it('says that it stands, and tells nothing of what was there before', async () => {
    const { watch, create, poll } = createWorld()
    await create()
    const { told } = await watch()
    await poll()
    expect(told).toEqual([{ kind: 'ready', cursor: cursorOf(T0) }])
  })

  it('tells of what changes from then on, once', async () => {
    const { watch, create, poll } = createWorld()
    const { told } = await watch()
    const upload = await create()
    for (let i = 0; i < 3; i++) await poll()
    expect(shown(told)).toEqual(['ready', ...states(upload)])
  })

  it('tells the latest state only, in the order of the last changes', async () => {
    const { watch, create, poll, metadata, clock } = createWorld()
    const { told } = await watch()
    const [first, second] = [await create(), await create()]
    await metadata.recordChunks(first.id, claimsFor(first, [1]), clock())
    clock.advance(5)
    await metadata.failUpload(first.id, 'no', clock())
    await poll()
    const failed = states(first, 'failed', 'failed')
    expect(shown(told).slice(0, 3)).toEqual(['ready', ...states(second)])
    expect(shown(told).slice(3).toSorted()).toEqual(failed.toSorted())
  })

  it('tells of a completion and of a deletion', async () => {
    const { watch, create, poll, metadata, clock } = createWorld()
    const upload = await create()
    const { told } = await watch()
    await metadata.recordChunks(upload.id, claimsFor(upload, [1, 2, 3]), clock())
    await metadata.completeUpload(upload.id, sealedAs(upload), clock())
    await poll()
    await metadata.deleteAsset('alice', upload.assetId, 'gone', clock())
    await poll()
    expect(shown(told).toSorted()).toEqual(
      ['ready', ...states(upload, 'completed'), `deleted ${upload.assetId}`].toSorted(),
    )
  })

  it('tells of a change that two writes in one millisecond made, with a look between them', async () => {
    const { watch, create, poll, metadata, timers, clock } = createWorld()
    const upload = await create()
    const { told } = await watch()
    clock.advance(10)
    for (const index of [1, 2]) {
      await metadata.recordChunks(upload.id, claimsFor(upload, [index]), clock())
      timers.tick(POLL)
      await settle()
    }
    await poll()
    expect(told.at(-1)).toMatchObject({ upload: { chunksCompleted: 2 } })
  })

  it('tells of a change that comes to light long after its time', async () => {
    const { watch, create, poll, clock } = createWorld()
    const { told } = await watch()
    for (let i = 0; i < 50; i++) await poll()
    const late = { createdAt: clock() - OVERLAP_MS + POLL, updatedAt: clock() - OVERLAP_MS + POLL }
    const upload = await create(late)
    await poll()
    expect(shown(told)).toEqual(['ready', ...states(upload)])
  })

  it('tells of changes by a server whose clock is ahead, and does not let it carry the cursor away', async () => {
    const { watch, create, poll, clock } = createWorld()
    const { told } = await watch()
    const ahead = await create({ createdAt: T0 + 30_000, updatedAt: T0 + 30_000 })
    await poll()
    const upload = await create()
    await poll()
    expect(shown(told)).toEqual(['ready', ...states(ahead), ...states(upload)])
    expect(cursors(told).every((cursor) => cursor! <= cursorOf(clock()))).toBe(true)
  })

  it('tells an account nothing of another', async () => {
    const { watch, create, poll } = createWorld()
    const [hers, his] = [await watch(), await watch(undefined, 'bob')]
    const upload = await create({ account: 'bob' })
    await poll()
    expect(shown(hers.told)).toEqual(['ready'])
    expect(shown(his.told)).toEqual(['ready', ...states(upload)])
  })

  it('shows a file in a form as an asset, and a file from a URL too, with its progress', async () => {
    const { watch, poll, metadata, clock } = createWorld()
    const { told } = await watch()
    const direct = sampleUpload({ method: 'direct', updatedAt: T0 + 1 })
    await metadata.createIngest(direct)
    const fetched = sampleUpload({ method: 'url', updatedAt: T0 + 1 })
    await metadata.createIngest(fetched, assetFor(fetched), 'https://example.com/')
    await poll()
    expect(new Set(shown(told).slice(1))).toEqual(new Set([states(fetched)[1]]))
    const before = told.length
    await metadata.planIngest(direct.id, direct, assetFor(direct), clock())
    await metadata.recordChunks(fetched.id, claimsFor(fetched, [1]), clock())
    await poll()
    expect(shown(told).slice(before).toSorted()).toEqual(
      [states(direct)[1], states(fetched)[1]].toSorted(),
    )
  })
})

describe('a stream that goes on', () => {
  it('tells what changed between', async () => {
    const { watch, create, poll, clock } = createWorld()
    const first = await watch()
    first.close()
    await first.ended
    clock.advance(600_000)
    const upload = await create()
    clock.advance(600_000)
    const { told } = await watch(cursors(first.told)[0])
    await poll()
    expect(shown(told)).toEqual(['ready', ...states(upload)])
  })

  it('goes on from every event of another, and loses nothing', async () => {
    const { watch, create, poll, metadata, clock } = createWorld()
    const first = await watch()
    const uploads: Upload[] = []
    for (let i = 0; i < 5; i++) {
      uploads.push(await create(), await create())
      await metadata.recordChunks(uploads[i]!.id, claimsFor(uploads[i]!, [1]), clock())
      await poll()
    }
    first.close()
    const latest = (told: StreamEvent[]) => {
      const byName = shown(told).map((text) => [text.split(' ')[1], text] as const)
      return new Map(byName.filter(([id]) => id))
    }
    const all = latest(first.told)
    expect(all.size).toBe(20)
    for (const [i, cursor] of cursors(first.told).entries()) {
      const second = await watch(cursor)
      const both = latest([...first.told.slice(0, i + 1), ...second.told])
      expect(new Set(both.values())).toEqual(new Set(all.values()))
      second.close()
    }
  })

  it('goes on in the middle of what was missed', async () => {
    const { opened, watch, create, clock } = createWorld()
    const uploads: Upload[] = []
    for (let i = 0; i < 3; i++) {
      clock.advance(600_000)
      uploads.push(await create())
    }
    const first = await opened(cursorOf(T0))
    const told: StreamEvent[] = []
    for await (const event of first.events) if (told.push(event) === 3) break
    expect(shown(told)).toEqual(['ready', ...states(uploads[0]!)])
    first.close()
    const second = await watch(cursors(told).at(-1))
    expect(shown(second.told)).toEqual(['ready', ...uploads.flatMap((upload) => states(upload))])
  })

  it('tells a change whose time is before the cursor and which came to light after it', async () => {
    const { watch, create } = createWorld()
    const cursor = cursorOf(T0)
    const upload = await create({ createdAt: T0 - 50_000, updatedAt: T0 - 50_000 })
    const { told } = await watch(cursor)
    expect(shown(told)).toEqual(['ready', ...states(upload)])
  })

  it('tells live what changes while it still tells what was missed', async () => {
    const { opened, create, poll, clock } = createWorld()
    const missed = await create()
    clock.advance(1000)
    const stream = await opened(cursorOf(T0))
    const events = stream.events[Symbol.asyncIterator]()
    const told = [(await events.next()).value, (await events.next()).value]
    const upload = await create()
    await poll()
    for (let i = 0; i < 3; i++) told.push((await events.next()).value)
    expect(shown(told)).toEqual(['ready', ...states(missed), ...states(upload)])
    stream.close()
  })

  it.each([
    ['malformed', () => 'yesterday'],
    ['empty', () => ''],
    ['so old that deletions may be forgotten', (now: number) => cursorOf(now - HOUR + 59_000)],
    ['of a time to come', (now: number) => cursorOf(now + OVERLAP_MS + 1)],
  ])('says to begin anew where the cursor is %s', async (_name, cursor) => {
    const { watch, create, poll, clock } = createWorld()
    await create()
    clock.advance(1000)
    const { told } = await watch(cursor(clock()))
    expect(shown(told)).toEqual(['ready', 'reset'])
    expect(new Set(cursors(told))).toEqual(new Set([cursorOf(clock())]))
    const upload = await create()
    await poll()
    expect(shown(told)).toEqual(['ready', 'reset', ...states(upload)])
  })

  it('goes on from the oldest cursor before which nothing is forgotten', async () => {
    const { watch, create, clock } = createWorld()
    const upload = await create()
    clock.advance(HOUR - OVERLAP_MS)
    const { told } = await watch(cursorOf(T0))
    expect(shown(told)).toEqual(['ready', ...states(upload)])
  })

  it('says to begin anew where too much changed', async () => {
    const { watch, create } = createWorld()
    for (let i = 0; i <= MAX_CHANGES / 2; i++) await create()
    const { told } = await watch(cursorOf(T0))
    expect(shown(told)).toEqual(['ready', 'reset'])
  })
})

describe('a reader that is slow', () => {
  it('is told the latest state only, however often it changed', async () => {
    const { opened, create, poll, metadata, clock } = createWorld()
    const { events, close } = await opened()
    const iterator = events[Symbol.asyncIterator]()
    await iterator.next()
    const upload = await create()
    for (const index of [1, 2, 3]) {
      await metadata.recordChunks(upload.id, claimsFor(upload, [index]), clock())
      await poll()
    }
    const told = [(await iterator.next()).value, (await iterator.next()).value]
    expect(told).toContainEqual(
      expect.objectContaining({ upload: expect.objectContaining({ chunksCompleted: 3 }) }),
    )
    close()
    expect(await iterator.next()).toMatchObject({ done: true })
  })

  it('is told to begin anew when too much waits, and what changes after that', async () => {
    const { opened, create, poll } = createWorld()
    const { events, close } = await opened()
    const iterator = events[Symbol.asyncIterator]()
    await iterator.next()
    for (let i = 0; i <= MAX_CHANGES / 2; i++) await create()
    await poll()
    expect((await iterator.next()).value).toMatchObject({ kind: 'reset' })
    const upload = await create()
    await poll()
    const told = [(await iterator.next()).value, (await iterator.next()).value]
    expect(shown(told)).toEqual(states(upload))
    close()
  })
})

describe('the tables', () => {
  function counting() {
    const count = { lists: 0 }
    const world = createWorld({
      listChanges: (...args) => {
        count.lists++
        return world.metadata.listChanges(...args)
      },
    })
    return { ...world, count }
  }

  it('are asked once for all who watch an account, and not at all when nobody does', async () => {
    const { watch, poll, count, timers } = counting()
    await poll()
    expect({ ...count, timers: timers.count() }).toEqual({ lists: 0, timers: 0 })
    const streams = [await watch(), await watch(), await watch()]
    expect(count.lists).toBe(1)
    await poll()
    expect(count.lists).toBe(2)
    for (const { close } of streams) close()
    await poll()
    expect({ ...count, timers: timers.count() }).toEqual({ lists: 2, timers: 0 })
  })

  it('may be out of reach for a while, and nothing is lost', async () => {
    let reachable = true
    const world = createWorld({
      listChanges: (...args) =>
        reachable
          ? world.metadata.listChanges(...args)
          : Promise.reject(new PartwayError('service_unavailable', 'no')),
    })
    const { told } = await world.watch()
    reachable = false
    const upload = await world.create()
    for (let i = 0; i < 120; i++) world.clock.advance(POLL)
    await world.poll()
    expect(world.errors).toEqual(['look for changes of account alice'])
    reachable = true
    await world.poll()
    expect(shown(told)).toEqual(['ready', ...states(upload)])
  })

  it('are out of reach at the beginning: the stream is refused, and nothing goes on', async () => {
    const world = createWorld({
      listChanges: () => Promise.reject(new PartwayError('service_unavailable', 'no')),
    })
    await expect(world.opened()).rejects.toMatchObject({ code: 'service_unavailable' })
    await settle()
    expect(world.timers.count()).toBe(0)
  })
})

describe('the end of a stream', () => {
  it('comes soon after its key is revoked, and not because the database is out of reach', async () => {
    const { watch, timers, keys } = createWorld()
    const { ended } = await watch()
    const over = ended.then(() => 'over')
    const state = () => Promise.race([over, settle().then(() => 'open')])
    timers.tick(5000)
    expect(await state()).toBe('open')
    keys.broken = true
    timers.tick(5000)
    expect(await state()).toBe('open')
    Object.assign(keys, { broken: false, valid: false })
    timers.tick(5000)
    expect(await state()).toBe('over')
    expect(timers.count()).toBe(0)
  })

  it('comes for all when the server stops', async () => {
    const { watch, events } = createWorld()
    const streams = [await watch(), await watch(), await watch(undefined, 'bob')]
    events.closeAll()
    await Promise.all(streams.map(({ ended }) => ended))
  })

  it('gives its place to another, of which there are so many for each account', async () => {
    const { opened } = createWorld()
    const streams = []
    for (let i = 0; i < MAX_STREAMS; i++) streams.push(await opened())
    await expect(opened()).rejects.toMatchObject({ code: 'too_many_requests', retryAfter: 10 })
    await expect(opened(undefined, 'bob')).resolves.toBeDefined()
    streams[0]!.close()
    await expect(opened()).resolves.toBeDefined()
    await expect(opened()).rejects.toMatchObject({ code: 'too_many_requests' })
  })
})

it('a stream gives a sign of life', async () => {
  const { watch, timers } = createWorld()
  const { told } = await watch()
  timers.tick(15_000)
  await settle()
  expect(shown(told)).toEqual(['ready', 'beat'])
})
