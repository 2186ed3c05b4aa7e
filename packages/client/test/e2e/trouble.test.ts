import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHUNK, MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import { expectCleanEnd, expectIdentical } from '../support/expect.ts'
import { first } from '../support/faults.ts'
import { startWorld, type TestFile, type World } from '../support/world.ts'

let world: World
let film: TestFile

beforeAll(async () => {
  world = await startWorld()
  film = await world.file('film.mp4', 10 * CHUNK + 1)
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

it('an upload outlives a server that is gone for five seconds', async () => {
  world.proxy.reset()
  world.link.options = { totalRate: 20e6 }
  const upload = world.start(film)
  const stored = () =>
    [...world.proxy.ledger.chunks.values()].filter(({ acknowledged }) => acknowledged > 0).length
  await expect.poll(stored, { timeout: 20_000 }).toBeGreaterThan(2)

  await world.restart(5000)

  await expectIdentical(world, film, await upload.ended)
})

it('more chunks than one call takes are asked for and reported in several', async () => {
  world.proxy.reset()
  world.link.options = {}
  const long = await world.file('long.mp4', 60 * CHUNK + 1)

  const run = await world.upload(long)

  const { calls, largestPresign, largestReport } = world.proxy.ledger
  expect(calls.get('presign')).toBeGreaterThanOrEqual(1)
  expect(calls.get('report')).toBeGreaterThanOrEqual(2)
  expect(Math.min(largestPresign, largestReport)).toBeGreaterThan(1)
  await expectIdentical(world, long, run)
})

it('bytes that change on the way are refused by the server and sent again', async () => {
  world.proxy.reset(first('chunk', { kind: 'flip', at: 3 * MiB }, { chunks: [2] }))
  const answers: number[] = []
  world.proxy.events.on('answered', ({ chunk }, status) => {
    if (chunk === 2) answers.push(status)
  })

  const run = await world.upload(film)

  // At the end it may be sent on two connections.
  expect(answers[0]).toBe(400)
  expect(new Set(answers.slice(1))).toEqual(new Set([200]))
  await expectIdentical(world, film, run)
})

it('a store that always has other bytes is believed after some tries', async () => {
  world.proxy.reset(
    first('chunk', { kind: 'etag', value: `"${'0'.repeat(64)}"` }, { times: 1000, chunks: [1] }),
  )
  const small = await world.file('small.mp4', 1000)

  const run = await world.upload(small)

  expectCleanEnd(run)
  expect(run.error).toMatchObject({
    ...{ name: 'UploadError', code: 'digest_mismatch', chunkIndex: 1 },
  })
  const [counts] = world.proxy.ledger.chunks.values()
  expect(counts!.begun).toBeGreaterThan(1)
})

it('the only connection is given up when nothing moves on it', async () => {
  world.proxy.reset(first('chunk', { kind: 'stallRequest', after: 64 * 1024 }))
  world.link.options = {}
  // Small: what the system may hold of a chunk is waited for too, by its size.
  const file = await world.file('stalled.mp4', 256 * 1024)

  // Both at once, because each of them has to wait for half a minute.
  const runs = (['node', 'fetch'] as const).map((transport) =>
    world.upload(file, { transport, options: { concurrency: 1 } }),
  )

  const [node, fetch] = await Promise.all(runs)
  const begun = [...world.proxy.ledger.chunks.values()].map((counts) => counts.begun)
  expect(begun).toEqual([2, 2])
  world.proxy.reset()
  for (const run of [node!, fetch!]) {
    expectCleanEnd(run)
    expect(await fetchSha256(run.asset!.url)).toBe(file.sha256)
  }
})
