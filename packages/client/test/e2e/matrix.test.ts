import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import type { LinkOptions } from '../support/delay-line.ts'
import { expectIdentical } from '../support/expect.ts'
import { FAULTS, LINES } from '../support/fault-list.ts'
import { noFaults, type Plan } from '../support/faults.ts'
import { startWorld, type TestFile, type World } from '../support/world.ts'

const SIZE = 7 * CHUNK + 12_345

let world: World
let film: TestFile

beforeAll(async () => {
  world = await startWorld()
  film = await world.file('film.mp4', SIZE)
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

async function check(
  plan: Plan,
  line: LinkOptions,
  concurrency: number | 'auto',
  transport: 'node' | 'fetch',
): Promise<void> {
  world.proxy.reset(plan)
  world.link.options = line

  const run = await world.upload(film, { transport, options: { concurrency } })

  const { faults, mostOpen } = world.proxy.ledger
  if (plan !== noFaults) expect(faults).toBeGreaterThan(0)
  if (concurrency !== 'auto') expect(mostOpen).toBeLessThanOrEqual(concurrency)
  await expectIdentical(world, film, run)
}

describe.each([
  ['as many connections as it finds best', 'auto'],
  ['3 connections', 3],
] as const)('with %s', (_name, concurrency) => {
  it.each(Object.keys(FAULTS))('a file arrives as it is in spite of %s', async (name) => {
    await check(FAULTS[name]!, {}, concurrency, 'node')
  })

  it.each(Object.keys(LINES))('a file arrives as it is over a line with %s', async (name) => {
    await check(noFaults, LINES[name]!, concurrency, 'node')
  })
})

describe('by fetch', () => {
  it.each(
    Object.keys(FAULTS).filter((name) => name.includes('chunk') || name.includes('breaks off')),
  )('a file arrives as it is in spite of %s', async (name) => {
    await check(FAULTS[name]!, {}, 2, 'fetch')
  })

  it.each(Object.keys(LINES))('a file arrives as it is over a line with %s', async (name) => {
    await check(noFaults, LINES[name]!, 'auto', 'fetch')
  })
})
