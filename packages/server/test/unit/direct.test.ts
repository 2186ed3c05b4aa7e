import { PartwayError } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import type { Wishes } from '../../src/core/new-asset.ts'
import { OutcomeUnknownError } from '../../src/core/ports.ts'
import { brokenAfter, collect, inPieces } from '../contract/bodies.ts'
import { race } from '../contract/samples.ts'
import {
  ABANDONED,
  ACCOUNT,
  createWorld,
  GRACE,
  invalid,
  MAX_SIZE,
  MIB,
  UPLOAD_TTL,
  type World,
} from './world.ts'

const NONE: Wishes = { userMetadata: {}, hls: false, thumbnail: false }
const FILM = Buffer.alloc(12 * MIB + 17, 'the bytes of a film, one after the other ')
const PAGE = { page: 1, limit: 10 }

const listed = async ({ metadata }: World) => (await metadata.listAssets(ACCOUNT, PAGE, {})).items
const contentOf = async ({ metadata, store }: World, id: string) => {
  const asset = await metadata.findAsset(ACCOUNT, id)
  return collect(store.open(asset!.object!.ref, { start: 0, end: asset!.size - 1 }))
}

/** No asset shows, and of `begun` uploads each has failed and was freed. */
async function expectNothingLeft(world: World, begun = 1): Promise<void> {
  const { metadata } = world
  expect(await listed(world)).toEqual([])
  expect(await metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toEqual([])
  expect(await metadata.purgeUploads(Number.POSITIVE_INFINITY, 10)).toBe(begun)
}

/** A body without end that tells whether it was given back. */
function endless(piece: Uint8Array) {
  const state = { returned: false, pieces: 0 }
  async function* body() {
    try {
      for (;;) {
        state.pieces++
        yield piece
      }
    } finally {
      state.returned = true
    }
  }
  return { body: body(), state }
}

describe('a file that arrives', () => {
  it.each([1, 64 * 1024, 64 * 1024 + 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, FILM.byteLength])(
    'of %i bytes comes out as it went in',
    async (size) => {
      const world = createWorld()
      const bytes = FILM.subarray(0, size)
      const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(bytes, 100_003))
      expect(await listed(world)).toEqual([])
      const asset = await world.direct.create(received, 'b.mp4', NONE)
      expect(asset).toMatchObject({ filename: 'b.mp4', size, type: 'video', method: 'direct' })
      expect((await contentOf(world, asset.id)).equals(bytes)).toBe(true)
      expect(world.completed).toHaveLength(1)
    },
  )

  it('is listed with everything at once', async () => {
    const world = createWorld()
    const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(FILM, MIB))
    const wishes = { userMetadata: { a: 1, b: null }, hls: true, thumbnail: true }
    const { id } = await world.direct.create(received, 'a.mp4', wishes)
    const pending = { state: 'pending', reason: undefined }
    expect(await listed(world)).toMatchObject([
      { id, size: FILM.byteLength, userMetadata: { a: 1 }, hls: pending, thumbnail: pending },
    ])
  })

  it('does not mix with others', async () => {
    const world = createWorld()
    const bytes = (i: number) => Buffer.alloc(100_000 + i, `${i} `)
    const assets = await race(10, async (i) => {
      const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(bytes(i), 9999))
      return world.direct.create(received, 'a.mp4', NONE)
    })
    for (const [i, { id }] of assets.entries()) {
      expect((await contentOf(world, id)).equals(bytes(i))).toBe(true)
    }
  })

  it('takes its type from its last name where the content tells none', async () => {
    const world = createWorld()
    const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(FILM.subarray(0, 99)))
    expect(await world.direct.create(received, 'a.txt', NONE)).toMatchObject({ type: 'document' })
  })

  it('is never taken for complete before it is', async () => {
    const world = createWorld()
    await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(FILM, MIB))
    world.clock.advance(UPLOAD_TTL - 1)
    await world.sweeper.sweep()
    expect(world.completed).toEqual([])
    world.clock.advance(1)
    await world.sweeper.sweep()
    expect(world.completed).toEqual([])
    expect(await listed(world)).toEqual([])
  })
})

describe('a file that cannot be sealed in time', () => {
  it('shows nowhere, and is freed after the grace period, when the store may have sealed it late', async () => {
    const world = createWorld()
    const { seal } = world.store
    let finish = async () => {}
    world.store.seal = async (upload, chunks) => {
      finish = async () => void (await seal(upload, chunks))
      throw new PartwayError('service_unavailable', 'The store does not answer.')
    }
    const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(FILM, MIB))
    const create = world.direct.create(received, 'a.mp4', NONE)
    await expect(create).rejects.toMatchObject({ code: 'service_unavailable' })
    expect(await listed(world)).toEqual([])
    await finish()
    const { assetId } = received.upload
    expect(await world.store.size(assetId)).toBe(FILM.byteLength)

    world.clock.advance(GRACE + 1)
    await world.sweeper.sweep()

    await expect(world.store.size(assetId)).rejects.toMatchObject({ code: 'service_unavailable' })
    expect(await world.metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toEqual([])
    expect(await world.metadata.listDeletedAssets(Number.POSITIVE_INFINITY, 10)).toEqual([])
  })
})

/** A database that is away from now on, as far as changes of assets and uploads go, until it is back. */
function takeAway({ metadata }: World) {
  const { deleteAsset, failUpload } = metadata
  const refuse = async () => {
    throw new PartwayError('service_unavailable', 'The database is unreachable.')
  }
  Object.assign(metadata, { deleteAsset: refuse, failUpload: refuse })
  return { back: () => void Object.assign(metadata, { deleteAsset, failUpload }) }
}

describe('a file whose last step fails with the database', () => {
  const sent = async (world: World) => {
    const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(FILM, MIB))
    const created = await world.direct.create(received, 'a.mp4', NONE).catch(async (error) => {
      await world.direct.discard(received)
      throw error
    })
    return created.id
  }

  it.each([
    ['before it is sealed', 'completeUpload', false],
    ['in a plan that was recorded', 'planIngest', true],
  ] as const)(
    'is no asset, although nothing can be taken back then: %s',
    async (_when, method, done) => {
      const world = createWorld()
      const working = world.metadata[method]
      let away = { back() {} }
      Object.assign(world.metadata, {
        async [method](...args: unknown[]) {
          if (done) await (working as (...args: unknown[]) => Promise<unknown>)(...args)
          away = takeAway(world)
          throw new PartwayError('service_unavailable', 'The database is unreachable.')
        },
      })
      await expect(sent(world)).rejects.toMatchObject({ message: 'The database is unreachable.' })
      away.back()
      Object.assign(world.metadata, { [method]: working })
      const second = await sent(world)

      // Another server starts.
      await world.sweeper.recover(0)
      world.clock.advance(ABANDONED)
      await world.sweeper.sweep()

      expect(await listed(world)).toMatchObject([{ id: second }])
      expect(world.completed).toHaveLength(1)
      world.clock.advance(GRACE + 1)
      await world.sweeper.sweep()
      expect(await listed(world)).toMatchObject([{ id: second }])
      expect(await world.metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toEqual([])
      expect(world.sweepErrors).toEqual([])
    },
  )

  it.each([true, false])(
    'in a commit whose answer is lost is taken back, or named: %s',
    async (away) => {
      const world = createWorld()
      const { completeUpload } = world.metadata
      world.metadata.completeUpload = async (...args) => {
        await completeUpload(...args)
        if (away) takeAway(world)
        throw new OutcomeUnknownError('service_unavailable', 'It may have been made.')
      }
      const error: PartwayError = await sent(world).catch((e) => e)
      expect(error).toMatchObject({ code: 'service_unavailable' })
      const [asset] = await listed(world)
      if (away) expect(error.message).toContain(`Asset ${asset!.id} may have been made`)
      else expect(asset).toBeUndefined()
    },
  )

  it('is left alone while its form is being answered', async () => {
    const world = createWorld()
    const { seal } = world.store
    world.store.seal = async (upload, chunks) => {
      world.store.seal = seal
      world.clock.advance(ABANDONED - 1)
      await world.sweeper.recover(0)
      return seal(upload, chunks)
    }
    const id = await sent(world)
    expect(await listed(world)).toMatchObject([{ id }])
    expect(world.completed).toHaveLength(1)
  })
})

describe('a file that is refused', () => {
  it('leaves nothing when it is discarded', async () => {
    const world = createWorld()
    const received = await world.direct.receive(ACCOUNT, 'a.mp4', inPieces(FILM, MIB))
    await world.direct.discard(received)
    await world.direct.discard(received)
    await expectNothingLeft(world)
    const late = world.direct.create(received, 'a.mp4', NONE)
    await expect(late).rejects.toMatchObject({ code: 'request_canceled_or_timed_out' })
  })

  it('is empty', async () => {
    const world = createWorld()
    async function* nothing(pieces: number) {
      for (let i = 0; i < pieces; i++) yield new Uint8Array(0)
    }
    for (const pieces of [0, 3]) {
      const receive = world.direct.receive(ACCOUNT, 'a.mp4', nothing(pieces))
      await expect(receive).rejects.toEqual(invalid(/empty/))
    }
    await expectNothingLeft(world, 0)
  })

  it('leaves nothing when it breaks off', async () => {
    const world = createWorld()
    const receive = world.direct.receive(ACCOUNT, 'a.mp4', brokenAfter(FILM, 150_000))
    await expect(receive).rejects.toThrow('the connection broke')
    await expectNothingLeft(world)
  })

  it('is not read on when it is too large', async () => {
    const world = createWorld()
    const { body, state } = endless(Buffer.alloc(MIB))
    const receive = world.direct.receive(ACCOUNT, 'a.txt', body)
    await expect(receive).rejects.toEqual(invalid(new RegExp(`\`file\`.*${MAX_SIZE.document}`)))
    expect(state).toEqual({ returned: true, pieces: 9 })
    await expectNothingLeft(world)
  })

  it.each(['begin', 'put'] as const)('is given back when the store cannot %s', async (method) => {
    const world = createWorld()
    world.store[method] = async () => {
      throw new PartwayError('storage_full', 'The store is full.')
    }
    const { body, state } = endless(Buffer.alloc(MIB))
    const receive = world.direct.receive(ACCOUNT, 'a.mp4', body)
    await expect(receive).rejects.toMatchObject({ code: 'storage_full' })
    expect(state.returned).toBe(true)
    await expectNothingLeft(world, method === 'begin' ? 0 : 1)
  })

  it('is left to the sweep when it cannot be freed', async () => {
    const world = createWorld()
    const { abort } = world.store
    world.store.abort = async () => {
      throw new PartwayError('service_unavailable', 'The disk is away.')
    }
    const receive = world.direct.receive(ACCOUNT, 'a.mp4', brokenAfter(FILM, 150_000))
    await expect(receive).rejects.toThrow('the connection broke')
    world.store.abort = abort
    expect(await world.metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toHaveLength(1)
    world.clock.advance(24 * UPLOAD_TTL)
    await world.sweeper.sweep()
    expect(await world.metadata.listFreeable(Number.POSITIVE_INFINITY, 10)).toEqual([])
  })
})
