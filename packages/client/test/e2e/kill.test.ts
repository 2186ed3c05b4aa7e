import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { expectIdentical } from '../support/expect.ts'
import { type Call, randomOf } from '../support/faults.ts'
import type { Uploader } from '../support/run-uploader.ts'
import { startWorld, type World } from '../support/world.ts'

const KILLS = 50
const CHUNKS = 24
/** Chosen once: the same kinds of points in every run. What is under way at them differs. */
const SEED = 20261122

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

/** Kills a process at a moment that `random` chooses: at a time, or when the proxy sees something. */
async function killAtRandom(upload: Uploader, random: () => number): Promise<void> {
  const moments: [share: number, reached: () => Promise<unknown>][] = [
    [0.3, () => sleep(200 + random() * 1000)],
    // The store has it, and the client cannot have noted it.
    [0.3, () => nth('answered', 'chunk', 1 + Math.floor(random() * 4))],
    [0.15, () => nth('begun', 'chunk', 1 + Math.floor(random() * 5))],
    [0.15, () => nth('begun', 'report', 1)],
    [0.1, () => nth('answered', 'report', 1)],
  ]
  let choice = random()
  const [, reached] =
    moments.find(([share]) => {
      choice -= share
      return choice < 0
    }) ?? moments[0]!
  await Promise.race([reached(), upload.ended])
  upload.kill()
  await upload.ended
}

async function nth(event: 'begun' | 'answered', call: Call, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const [asked] = await once(world.proxy.events, event)
    if (asked.call === call) left -= 1
  }
}

it('fifty kills at random points cost no byte, and no acknowledged chunk is sent twice', async () => {
  const random = randomOf(SEED)
  const journals = `${world.folder}/journals`
  let kills = 0
  let files = 0
  while (kills < KILLS) {
    const film = await world.file(`film-${++files}.mp4`, (CHUNKS - 1) * CHUNK + 77)
    world.proxy.reset()
    world.link.options = { totalRate: 25e6 }
    let finished = false
    for (; kills < KILLS && !finished; ) {
      const upload = world.start(film, { journals })
      await killAtRandom(upload, random)
      const { asset, code } = await upload.ended
      finished = asset !== undefined
      if (code === null) kills += 1
    }

    // One that was finished when it was killed is not uploaded again.
    if (finished) continue
    const run = await world.upload(film, { journals })

    const counts = [...world.proxy.ledger.chunks.values()]
    expect(world.proxy.ledger.calls.get('create')).toBe(1)
    expect(counts).toHaveLength(CHUNKS)
    expect(counts.map(({ needless }) => needless)).toEqual(counts.map(() => 0))
    await expectIdentical(world, film, run)
  }
  expect(files).toBeGreaterThan(0)
})
