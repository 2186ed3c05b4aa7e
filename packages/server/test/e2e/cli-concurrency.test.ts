import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../support/program.ts'
import { CHUNK } from '../support/program-api.ts'
import {
  type CommandWorld,
  commandEnv,
  eventsNamed,
  startCommand,
  startCommandWorld,
} from '../support/program-cli.ts'
import { writeRandomFile } from '../support/program-files.ts'
import { type Faults, startProxy, type Proxy as TestProxy } from '../support/proxy.ts'

describe('partway upload --concurrency 3', () => {
  let world: CommandWorld
  beforeAll(async () => {
    world = await startCommandWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** How many chunks a command has under way when none arrives. */
  async function underWay(proxy: TestProxy, args: string[]): Promise<number> {
    const before = putsOf(proxy)
    const command = startCommand(args, commandEnv(proxy, world.at()))
    const count = () => putsOf(proxy) - before
    await expect.poll(count, { interval: 20 }).toBeGreaterThanOrEqual(3)
    command.process.kill('SIGINT')
    expect((await command.result).code).toBe(130)
    return count()
  }

  it('has three chunks of two files under way', async () => {
    const paths = [world.at('a.mp4'), world.at('b.mp4')]
    for (const path of paths) await writeRandomFile(path, 4 * CHUNK)
    await using proxy = await startProxy(world.server.url, {
      before: ({ method }) => (method === 'PUT' ? 'stall' : undefined),
    })

    expect(await underWay(proxy, ['upload', ...paths, '--concurrency', '3'])).toBe(3)
  })

  it('leaves nothing for a file that is there already', async () => {
    const paths = [world.at('there.txt'), world.at('rest.mp4')]
    await writeFile(paths[0]!, 'A text.')
    await writeRandomFile(paths[1]!, 4 * CHUNK)
    const faults: Faults = {
      before: ({ requestBody }) => (requestBody.includes('rest.mp4') ? 403 : undefined),
    }
    await using proxy = await startProxy(world.server.url, {
      before: (asked) => faults.before?.(asked),
    })
    const args = ['upload', ...paths, '--json', '--concurrency', '3']
    const { stdout } = await runProgram(args, commandEnv(proxy, world.at()))
    expect(eventsNamed(stdout, 'uploaded').map(({ file }) => file)).toEqual([paths[0]])
    faults.before = ({ method }) => (method === 'PUT' ? 'stall' : undefined)

    expect(await underWay(proxy, args)).toBe(3)
  })
})

const putsOf = ({ exchanges }: TestProxy) =>
  exchanges.filter(({ method }) => method === 'PUT').length
