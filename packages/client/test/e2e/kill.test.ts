import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import {
  commandEnv,
  eventsNamed,
  startCommand,
  uploadedOf,
} from '../../../server/test/support/program-cli.ts'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import { type Call, randomOf } from '../support/faults.ts'
import { startWorld, type TestFile, type World } from '../support/world.ts'

const KILLS = 50
const CHUNKS = 24
/** Chosen once: the same kinds of points in every run. What is under way at them differs. */
const SEED = 20261122
/** Some seventy runs of the command, most of them under a second. */
const LIMIT_MS = 900_000

let world: World

beforeAll(async () => {
  world = await startWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

type Moment = (command: ReturnType<typeof start>) => Promise<unknown>

/** Moments at which a process is killed: at a time, or when the proxy or its own output shows something. */
function momentsOf(random: () => number): [share: number, reached: Moment][] {
  return [
    [0.25, () => sleep(300 + random() * 1200)],
    // The store has it, and the client cannot have noted it.
    [0.25, () => nth('answered', 'chunk', 1 + Math.floor(random() * 4))],
    [0.1, () => nth('begun', 'chunk', 1 + Math.floor(random() * 5))],
    [0.1, () => nth('begun', 'report', 1)],
    [0.05, () => nth('answered', 'report', 1)],
    // All is there, and what became of it is being written down.
    [0.15, () => lastReport().then(() => sleep(random() * 60))],
    [0.1, (command) => once(command.process.stdout!, 'data').then(() => sleep(random() * 20))],
  ]
}

async function nth(event: 'begun' | 'answered', call: Call, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const [asked] = await once(world.proxy.events, event)
    if (asked.call === call) left -= 1
  }
}

/** The report after which every chunk has been sent. */
async function lastReport(): Promise<void> {
  do await nth('answered', 'report', 1)
  while (acknowledged() < CHUNKS)
}

const counts = () => [...world.proxy.ledger.chunks.entries()]
const acknowledged = () => counts().filter(([, chunk]) => chunk.acknowledged > 0).length

/**
 * Sees which chunks were acknowledged before a run; what it returns names those that were sent again
 * since. Within a run, the last chunk may well leave on two connections at once.
 */
function watchAcknowledged(): () => string[] {
  const before = new Map(
    counts().flatMap(([path, { acknowledged, begun }]) =>
      acknowledged > 0 ? [[path, begun]] : [],
    ),
  )
  return () =>
    counts().flatMap(([path, { begun }]) => (begun > (before.get(path) ?? begun) ? [path] : []))
}

const start = (noise: TestFile) =>
  startCommand(['upload', noise.path, '--json'], commandEnv(world.link, world.folder))

/** Runs the command and kills it, unless it ends before; resolves to what it said. */
async function killAtRandom(noise: TestFile, random: () => number) {
  const sentAgain = watchAcknowledged()
  const command = start(noise)
  let choice = random()
  const moments = momentsOf(random)
  const [, reached] =
    moments.find(([share]) => {
      choice -= share
      return choice < 0
    }) ?? moments[0]!
  await Promise.race([reached(command), command.result])
  command.process.kill('SIGKILL')
  const result = await command.result
  expect(sentAgain()).toEqual([])
  return { ...result, killed: command.process.signalCode === 'SIGKILL' }
}

it('fifty kills of the command cost no byte, and no acknowledged chunk is sent twice', {
  timeout: LIMIT_MS,
}, async () => {
  const random = randomOf(SEED)
  let kills = 0
  for (let number = 1; kills < KILLS; number++) {
    // A sound of noise becomes ready, so that nothing has to be sent again for being no good.
    const noise = await world.file(`noise-${number}.wav`, (CHUNKS - 1) * CHUNK + 76)
    world.proxy.reset()
    world.link.options = { totalRate: 40e6 }
    let told = ''
    // One that says it is done is done, also when it is killed while it says so.
    while (kills < KILLS && eventsNamed(whole(told), 'uploaded').length === 0) {
      const { killed, stdout } = await killAtRandom(noise, random)
      told = stdout
      if (killed) kills += 1
    }
    if (eventsNamed(whole(told), 'uploaded').length === 0) {
      const sentAgain = watchAcknowledged()
      told = (await start(noise).result).stdout
      expect(sentAgain()).toEqual([])
    }

    // Of one upload: nothing was begun anew.
    expect(counts()).toHaveLength(CHUNKS)
    const uploaded = uploadedOf({ code: 0, stdout: whole(told), stderr: '' })
    expect(uploaded.sha256).toBe(noise.sha256)
    world.link.options = {}
    expect(await fetchSha256(uploaded.url)).toBe(noise.sha256)
  }
})

/** Without a last line that was cut off. */
const whole = (stdout: string) => stdout.slice(0, stdout.lastIndexOf('\n') + 1)
