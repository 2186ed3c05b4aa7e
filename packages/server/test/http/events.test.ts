import { describe, expect, test } from 'vitest'
import { MAX_STREAMS } from '../../src/core/events.ts'
import { createManualEvery, type EventReader, watchEvents } from '../support/events.ts'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import {
  claimOf,
  createUpload,
  finishUpload,
  PNG,
  putChunk,
  report,
} from '../support/http-uploads.ts'
import { createWorld, HOUR, listen, type WorldOptions } from '../support/http-world.ts'

const POLL = 1000

/** A world whose tables are looked at when a test says so. */
async function createWatched(options: WorldOptions = {}) {
  const timers = createManualEvery()
  const world = await createWorld({
    ...options,
    ports: (ports) => ({ ...options.ports?.(ports), every: timers.every }),
  })
  const { origin, port } = await listen(world)
  const readers: EventReader[] = []
  async function watch(lastEventId?: string, key = world.alice) {
    const reader = await watchEvents(origin, { key, lastEventId })
    readers.push(reader)
    return reader
  }
  function poll() {
    world.ports.clock.advance(POLL)
    timers.tick(POLL)
  }
  return {
    ...{ world, timers, origin, port, watch, poll },
    async [Symbol.asyncDispose]() {
      for (const reader of readers) await reader[Symbol.asyncDispose]()
      await world.app.close()
    },
  }
}

const withoutSignatures = (data: unknown) =>
  JSON.parse(JSON.stringify(data).replaceAll(/signature=[\w-]{43}/g, 'signature=SIGNATURE'))

describe('GET /events', () => {
  test('answers at once, and in a way that nobody between keeps or changes', async () => {
    await using watched = await createWatched()
    const { response, find } = await watched.watch()
    expect(response.status).toBe(200)
    const headers = Object.fromEntries(response.headers)
    expectCommonHeaders({ headers })
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'transfer-encoding': 'chunked',
    })
    expect(headers).not.toHaveProperty('content-encoding')
    expect(await find('ready')).toEqual({ event: 'ready', id: expect.any(String), data: {} })
  })

  test('tells of uploads and assets with every field', async () => {
    await using watched = await createWatched()
    const { world, watch, poll, origin } = watched
    const { find } = await watch()
    await find('ready')
    const { upload_id, asset_id, upload_urls } = await createUpload(world, {
      ...{ size: PNG.byteLength, type: 'image', filename: 'a.png' },
    })
    poll()
    expect((await find('upload')).data).toEqual({
      ...{ upload_id, asset_id, filename: 'a.png', status: 'active' },
      ...{ total_size: 68, chunk_size: 5242880, total_chunks: 1 },
      ...{ chunks_completed: 0, uploaded_size: 0 },
      created_at: '2026-11-22T10:00:00Z',
      expires_at: '2026-11-23T10:00:00Z',
      updated_at: '2026-11-22T10:00:00Z',
    })
    expect((await find('asset')).data).toEqual({
      ...{ _id: asset_id, method: 'multipart', status: 'processing', filename: 'a.png' },
      created_at: '2026-11-22T10:00:00Z',
    })
    await putChunk(world, upload_urls[0]!.url, PNG)
    await report(world, upload_id, [claimOf(1, PNG)])
    poll()
    expect((await find('upload', ({ status }) => status === 'completed')).data).toMatchObject({
      ...{ upload_id, chunks_completed: 1, uploaded_size: 68 },
      updated_at: '2026-11-22T10:00:01Z',
    })
    const { data } = await find('asset', ({ url }) => url !== undefined)
    const url = `${origin}/content/${asset_id}?expires=1795428002&signature=SIGNATURE`
    expect(withoutSignatures(data)).toMatchObject({ _id: asset_id, size: 68, url })
    expect((await fetch(data.url as string)).status).toBe(200)
    await world.call('DELETE', `/assets/${asset_id}`)
    poll()
    expect((await find('asset_deleted')).data).toEqual({ _id: asset_id })
  })

  test('tells the asset as `GET /assets/{id}` does', async () => {
    await using watched = await createWatched()
    const { world, watch, poll, origin } = watched
    const { find } = await watch()
    const { assetId } = await finishUpload(world, PNG, { type: 'image' })
    await world.call('PUT', `/assets/${assetId}/user-metadata`, {
      body: { user_metadata: { a: 'line\nbreak\r\n\n', n: 1 } },
    })
    await world.processor.processNext(new AbortController().signal)
    poll()
    const { data } = await find('asset', ({ status }) => status !== 'processing')
    const asset = await world.call('GET', `/assets/${assetId}`, {
      headers: { host: new URL(origin).host },
    })
    expect(data).toEqual(asset.json())
  })

  test('goes on from `Last-Event-ID` with what changed meanwhile', async () => {
    await using watched = await createWatched()
    const { world, watch, poll } = watched
    const first = await watch()
    const one = await createUpload(world, { size: 1 })
    poll()
    const { id } = await first.find('upload')
    await first[Symbol.asyncDispose]()
    world.ports.clock.advance(600_000)
    const two = await createUpload(world, { size: 1 })
    world.ports.clock.advance(600_000)
    const second = await watch(id)
    await second.find('upload', ({ upload_id }) => upload_id === two.upload_id)
    await second.find('asset', ({ _id }) => _id === two.asset_id)
    expect(second.told[0]!.event).toBe('ready')
    expect(second.told.map(({ event }) => event)).not.toContain('reset')
    expect(one.upload_id).not.toBe(two.upload_id)
  })

  test.each([
    ['no cursor of ours', () => '17'],
    ['one of two days ago', (id: string) => id],
  ])('begins anew where `Last-Event-ID` is %s', async (_name, lastEventId) => {
    await using watched = await createWatched()
    const { world, watch, poll } = watched
    const first = await watch()
    const { id } = await first.find('ready')
    world.ports.clock.advance(48 * HOUR)
    const { told, find } = await watch(lastEventId(id!))
    await find('reset')
    expect(told.map(({ event }) => event)).toEqual(['ready', 'reset'])
    const { upload_id } = await createUpload(world, { size: 1 })
    poll()
    await find('upload', (data) => data.upload_id === upload_id)
  })

  test("tells nobody of another account's", async () => {
    await using watched = await createWatched()
    const { world, watch, poll } = watched
    const hers = await watch()
    const his = await watch(undefined, world.bob)
    const { upload_id } = await createUpload(world, { size: 1, key: world.bob })
    await createUpload(world, { size: 1 })
    poll()
    const told = await his.find('upload')
    expect(told.data.upload_id).toBe(upload_id)
    await hers.find('upload')
    expect(JSON.stringify(hers.told)).not.toContain(upload_id)
    // A cursor is a time and opens no door.
    const again = await watch(told.id)
    await again.find('upload')
    expect(JSON.stringify(again.told)).not.toContain(upload_id)
  })

  test('gives signs of life that are no events', async () => {
    await using watched = await createWatched()
    const { comments, find, told } = await watched.watch()
    await find('ready')
    watched.timers.tick(15_000)
    await expect.poll(() => comments).toEqual([':'])
    expect(told).toHaveLength(1)
  })

  test('needs a key', async () => {
    await using world = await createWorld()
    expectError(await world.call('GET', '/events', { key: null }), 401, 'api_key_invalid')
    expectError(await world.call('GET', '/events', { key: 'pw_no' }), 401, 'api_key_invalid')
  })

  test('is there for GET alone', async () => {
    await using world = await createWorld()
    for (const method of ['HEAD', 'POST'] as const) {
      expect((await world.call(method, '/events')).statusCode).toBe(404)
    }
  })

  test('answers 429 when an account has too many streams, until one ends', async () => {
    await using watched = await createWatched()
    const { watch, world, origin } = watched
    const readers = []
    for (let i = 0; i < MAX_STREAMS; i++) readers.push(await watch())
    const call = () => fetch(`${origin}/v1.3/events`, { headers: { 'x-api-key': world.alice } })
    const refused = await call()
    expectError(
      {
        statusCode: refused.status,
        headers: Object.fromEntries(refused.headers),
        body: await refused.text(),
      },
      429,
      'too_many_requests',
      MAX_STREAMS,
    )
    expect(refused.headers.get('retry-after')).toBe('10')
    expect((await watch(undefined, world.bob)).response.status).toBe(200)
    await readers[0]![Symbol.asyncDispose]()
    await expect.poll(async () => (await watch()).response.status).toBe(200)
  })

  test('answers an error, not a stream, when the database cannot say what there is', async () => {
    await using world = await createWorld({
      ports: ({ metadata }) => ({
        metadata: { ...metadata, listChanges: () => Promise.reject(new Error('no')) },
      }),
    })
    expectError(await world.call('GET', '/events'), 500, 'generic_error')
  })
})

describe('a stream of events', () => {
  test('ends soon after its key is revoked, and is refused from then on', async () => {
    await using watched = await createWatched()
    const { world, watch, timers } = watched
    const { ended, find } = await watch()
    await find('ready')
    await world.keys.revoke(world.aliceKeyId)
    timers.tick(5000)
    expect(await ended).toBe('ended')
    expect((await watch()).response.status).toBe(401)
  })

  test('ends in good order when the server stops, which does not wait for it', async () => {
    await using watched = await createWatched()
    const { world, watch } = watched
    const readers = [await watch(), await watch(undefined, world.bob)]
    await world.app.close()
    expect(await Promise.all(readers.map(({ ended }) => ended))).toEqual(['ended', 'ended'])
  })

  test('leaves nothing behind when its reader leaves', async () => {
    await using watched = await createWatched()
    const reader = await watched.watch()
    await reader.find('ready')
    expect(watched.timers.count()).toBeGreaterThan(0)
    await reader[Symbol.asyncDispose]()
    await expect.poll(() => watched.timers.count()).toBe(0)
  })

  test('leaves nothing behind when its reader leaves before the database has answered', async () => {
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    await using watched = await createWatched({
      ports: ({ metadata }) => ({
        metadata: {
          ...metadata,
          async listChanges() {
            asked.resolve()
            await answered.promise
            return []
          },
        },
      }),
    })
    const leave = new AbortController()
    const { alice } = watched.world
    const call = fetch(`${watched.origin}/v1.3/events`, {
      ...{ headers: { 'x-api-key': alice }, signal: leave.signal },
    })
    await asked.promise
    leave.abort()
    await expect(call).rejects.toThrow()
    answered.resolve()
    await expect.poll(() => watched.timers.count()).toBe(0)
  })
})
