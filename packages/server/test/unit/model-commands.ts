import { chunkSizeAt } from '@partway/protocol'
import fc from 'fast-check'
import { expect } from 'vitest'
import { MAX_BODIES } from '../../src/adapters/chunk-errors.ts'
import { bytesFor, inPieces, ticketFor } from '../contract/bodies.ts'
import { HOUR, upTo } from '../contract/samples.ts'
import {
  type ClaimPlan,
  type Etags,
  isComplete,
  isLate,
  judge,
  type Model,
  newSession,
  type Session,
  stateOf,
} from './model.ts'
import { ACCOUNT, GRACE, invalid, ORIGIN, RETENTION, type World } from './world.ts'

export interface Real {
  world: World
  etags: Etags
}

type Command = fc.AsyncCommand<Model, Real>

const unknown = expect.objectContaining({ code: 'resource_not_exist' })

/** A command on one of the sessions there are; `pick` chooses which. */
function onSession(
  pick: number,
  text: string,
  run: (session: Session, model: Model, real: Real) => Promise<void>,
  applies: (session: Session, model: Model) => boolean = () => true,
): Command {
  const session = ({ sessions }: Readonly<Model>) => sessions[pick % sessions.length]
  return {
    check: (model) => {
      const chosen = session(model)
      return chosen !== undefined && applies(chosen, model)
    },
    run: (model, real) => run(session(model)!, model, real),
    toString: () => `upload ${pick}: ${text}`,
  }
}

function create(chunks: number, lastSize: number): Command {
  return {
    check: ({ sessions }) => sessions.length < 4,
    async run(model, { world }) {
      const totalSize = (chunks - 1) * 50 + lastSize
      model.sessions.push(newSession(await world.plant({ totalSize, chunkSize: 50 })))
    },
    toString: () => `create an upload of ${chunks} chunks`,
  }
}

function put(pick: number, at: number, variant: number, cut: number): Command {
  const text = `put variant ${variant} of chunk ${at}${cut ? `, ${cut} bytes too long` : ''}`
  return onSession(pick, text, async ({ upload, bodies, proven, place }, _, real) => {
    const index = (at % upload.totalChunks) + 1
    const size = chunkSizeAt(upload, index)
    const right = bytesFor(upload, index, variant)
    const body = cut > 0 ? Buffer.concat([right, Buffer.alloc(cut)]) : right.subarray(0, size + cut)
    const writing = real.world.sink!.write(ticketFor(upload, index), inPieces(body, 30))
    const refused = (code: string) => expect(writing).rejects.toMatchObject({ code })

    if (!place) return refused('NoSuchUpload')
    if (cut !== 0) return refused(cut > 0 ? 'EntityTooLarge' : 'IncompleteBody')
    const variants = bodies.get(index) ?? new Set()
    if (proven.has(index) && proven.get(index) !== variant) return refused('OperationAborted')
    if (!variants.has(variant) && variants.size >= MAX_BODIES) return refused('OperationAborted')
    const stored = await writing
    expect(stored.size).toBe(size)
    bodies.set(index, variants.add(variant))
    real.etags.learn(upload, index, variant, stored.etag)
  })
}

function report(pick: number, plans: ClaimPlan[]): Command {
  const text = `report ${plans.map((p) => `${p.index}/${p.variant}/${p.lie}`).join(' ')}`
  return onSession(pick, text, async (session, model, { world, etags }) => {
    const { upload, proven } = session
    const claims = plans.map((plan) => {
      const size = chunkSizeAt(upload, Math.min(plan.index, upload.totalChunks))
      return etags.claim(upload, plan, size)
    })
    const reporting = world.report(upload, claims)
    if (session.purged) return expect(reporting).rejects.toEqual(unknown)

    const { fresh, beyond, lies } = judge(session, plans)
    const state = stateOf(session, model.now)
    if (state === 'failed' || state === 'expired') {
      return expect(reporting).rejects.toEqual(invalid(new RegExp(`is ${state}`)))
    }
    const refused = state === 'active' ? [...beyond, ...lies] : beyond
    for (const { index } of refused) {
      await expect(reporting).rejects.toEqual(invalid(new RegExp(`chunk ${index} `)))
    }
    if (refused.length > 0) return
    if (state === 'active') {
      for (const { index, variant } of fresh.values()) proven.set(index, variant)
      if (isComplete(session)) Object.assign(session, { state: 'completed', place: false })
    }
    const added = state === 'active' ? fresh.size : 0
    expect(await reporting).toEqual({
      ...{ assetId: upload.assetId, added, duplicates: plans.length - added },
      chunksCompleted: proven.size,
      url: isComplete(session) ? expect.stringContaining(upload.assetId) : undefined,
    })
  })
}

/** What a client does: sends the next chunks nobody has reported, and reports them. */
function send(pick: number, count: number, variant: number): Command {
  const text = `send ${count} chunks of variant ${variant}`
  return onSession(pick, text, async ({ upload, proven }, model, real) => {
    const missing = upTo(upload.totalChunks).filter((index) => !proven.has(index))
    const next = missing.slice(0, count)
    for (const index of next) await put(pick, index - 1, variant, 0).run(model, real)
    const plans = next.map((index): ClaimPlan => ({ index, variant, lie: 'none' }))
    if (plans.length > 0) await report(pick, plans).run(model, real)
  })
}

function presign(pick: number, start: number, count: number): Command {
  return onSession(pick, `presign ${count} from ${start}`, async (session, model, { world }) => {
    const { id, totalChunks, expiresAt } = session.upload
    const presigning = world.uploads.presign(ACCOUNT, id, { start, count }, ORIGIN)
    if (session.purged) return expect(presigning).rejects.toEqual(unknown)
    if (stateOf(session, model.now) !== 'active') {
      return expect(presigning).rejects.toEqual(invalid(/is (completed|failed|expired)/))
    }
    if (start > totalChunks) return expect(presigning).rejects.toEqual(invalid(/`start`/))
    const { chunks } = await presigning
    expect(chunks).toHaveLength(Math.min(count, totalChunks - start + 1))
    for (const { index, url, expiresAt: until } of chunks) {
      const ticket = world.sink!.verify('PUT', url.slice(ORIGIN.length), until - 1)
      expect(ticket).toEqual(ticketFor(session.upload, index))
      expect(until).toBeLessThanOrEqual(expiresAt)
    }
  })
}

function status(pick: number): Command {
  return onSession(pick, 'read the status', (session, model, real) =>
    expectSame(session, model, real),
  )
}

function abort(pick: number): Command {
  return onSession(
    pick,
    'abort',
    async (session, model, { world }) => {
      const aborting = world.uploads.abort(ACCOUNT, session.upload.id)
      if (session.purged) return expect(aborting).rejects.toEqual(unknown)
      if (session.state === 'completed') {
        return expect(aborting).rejects.toEqual(invalid(/is completed/))
      }
      await aborting
      if (session.state === 'active') {
        Object.assign(session, { state: 'failed', endedAt: model.now })
      }
    },
    // What becomes of a late upload depends on the sweep; uploads-end.test.ts says it.
    (session, model) => !isLate(session, model.now),
  )
}

function advance(milliseconds: number): Command {
  return {
    check: () => true,
    async run(model, { world }) {
      model.now += milliseconds
      world.clock.advance(milliseconds)
    },
    toString: () => `let ${milliseconds / HOUR} hours pass`,
  }
}

function sweep(): Command {
  return {
    check: () => true,
    async run(model, { world }) {
      await world.sweeper.sweep()
      expect(world.sweepErrors).toEqual([])
      for (const session of model.sessions) {
        if (isLate(session, model.now)) {
          Object.assign(session, { state: 'expired', endedAt: model.now })
        }
        const ended = session.state === 'failed' || session.state === 'expired'
        if (ended && session.endedAt < model.now - GRACE) session.place = false
        const forgotten = session.endedAt < model.now - RETENTION
        if (ended && !session.place && forgotten) session.purged = true
      }
    },
    toString: () => 'sweep',
  }
}

/** Everything that can be read of an upload is as the model says. */
export async function expectSame(session: Session, model: Model, { world, etags }: Real) {
  const { upload, proven } = session
  const page = { page: 1, limit: 50 }
  const reading = world.uploads.status(ACCOUNT, upload.id, page)
  if (session.purged) return expect(reading).rejects.toEqual(unknown)
  const detail = await reading
  const indexes = [...proven.keys()].sort((a, b) => a - b)
  expect(detail.upload).toMatchObject({
    ...{ state: session.state, chunksCompleted: proven.size },
    uploadedSize: indexes.reduce((sum, index) => sum + chunkSizeAt(upload, index), 0),
  })
  expect(detail.chunks.flatMap(({ reported }) => reported ?? [])).toMatchObject(
    indexes.map((index) => ({ index, etag: etags.of(upload, index, proven.get(index)!) })),
  )
  const asset = await world.assets.find(ACCOUNT, upload.assetId, ORIGIN)
  const alive = session.state === 'active' || session.state === 'completed'
  expect(asset.asset.state).toBe(alive ? 'processing' : 'failed')
  expect(asset.url !== undefined).toBe(session.state === 'completed')
  const listed = await world.uploads.list(ACCOUNT, page)
  expect(listed.total).toBe(
    model.sessions.filter(({ state, purged }) => state !== 'completed' && !purged).length,
  )
}

const pick = fc.nat(3)
const index = fc.integer({ min: 1, max: 4 })
const often = <T>(usual: T, ...seldom: T[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 8 }, ...seldom.map((s) => fc.constant(s)))
const variant = fc.oneof({ arbitrary: fc.constantFrom(0, 1), weight: 4 }, fc.nat(6))
const claim: fc.Arbitrary<ClaimPlan> = fc.record({
  index: fc.oneof({ arbitrary: index, weight: 20 }, fc.constantFrom(5, 99)),
  variant: fc.oneof({ arbitrary: fc.constant(0), weight: 4 }, fc.nat(2)),
  lie: often<ClaimPlan['lie']>('none', 'etag', 'size'),
})

export const COMMANDS = [
  fc.tuple(index, fc.integer({ min: 1, max: 50 })).map((args) => create(...args)),
  ...Array.from({ length: 5 }, () =>
    fc.tuple(pick, fc.nat(3), variant, often(0, -1, 1, 40)).map((args) => put(...args)),
  ),
  ...Array.from({ length: 4 }, () =>
    fc.tuple(pick, fc.array(claim, { minLength: 1, maxLength: 4 })).map((args) => report(...args)),
  ),
  fc.tuple(pick, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).map((args) => {
    return presign(...args)
  }),
  pick.map(status),
  pick.map(abort),
  ...Array.from({ length: 3 }, () =>
    fc.tuple(pick, fc.integer({ min: 1, max: 4 }), variant).map((args) => send(...args)),
  ),
  fc.constantFrom(1000, HOUR / 2, GRACE, 12 * HOUR, 24 * HOUR, RETENTION).map(advance),
  fc.constant(sweep()),
]
