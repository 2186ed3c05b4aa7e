import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { runProgram, TEST_KEY, temporaryFolder } from '../support/program.ts'
import { startCommandWorld } from '../support/program-cli.ts'

const COMMANDS = [
  '',
  'serve',
  'upload',
  'uploads',
  'uploads list',
  'uploads status',
  'uploads resume',
  'uploads abort',
  'assets',
  'assets list',
  'assets get',
  'assets download',
  'assets delete',
  'verify',
  'keys',
  'keys create',
  'keys list',
  'keys revoke',
  'migrate',
  'migrate-store',
  'completion',
]

/** An address where nothing listens. */
async function deadServer(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

describe('the help', () => {
  it.each(COMMANDS)('of `partway %s` shows usage and examples and ends with 0', async (command) => {
    const { code, stdout, stderr } = await runProgram(
      [...command.split(' '), '--help'].filter(Boolean),
    )

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: ${`partway ${command}`.trim()}`)
    expect(stdout).toMatch(new RegExp(`^Examples:\n(.*\n)* +.*partway ${command}`, 'm'))
  })

  it('tells the version', async () => {
    expect(await runProgram(['--version'])).toMatchObject({
      ...{ code: 0, stdout: `${manifest.version}\n` },
    })
  })
})

describe('the exit code', () => {
  const key = { PARTWAY_API_KEY: TEST_KEY }
  const oneLine = /^[^\n]+\n$/

  it.each([
    ['no command', []],
    ['an unknown command', ['launch']],
    ['an unknown option', ['uploads', 'list', '--nonsense']],
    ['a missing argument', ['assets', 'get']],
    ['an option out of range', ['upload', 'x.mp4', '--concurrency', '0']],
    ['a wrong server address', ['assets', 'list', '--server', 'nowhere']],
    ['a server address with a query', ['assets', 'list', '--server', 'http://127.0.0.1/?x=1']],
    ['a rate that is no size', ['upload', 'x.mp4', '--limit-rate', 'fast']],
    ['metadata without a value', ['upload', 'x.mp4', '--metadata', 'title']],
    ['metadata that is no JSON', ['upload', 'x.mp4', '--metadata', 'take:=three']],
    ['a folder without -r', ['upload', import.meta.dirname]],
    ['a pattern without -r', ['upload', 'x.mp4', '--glob', '*.mp4']],
    ['no file at all', ['upload']],
    ['an unknown type', ['upload', 'x.mp4', '--type', 'hologram']],
  ])('is 2 for %s', async (_name, args) => {
    const { code, stdout, stderr } = await runProgram(args, key)

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/\w/)
    expect(stderr).not.toMatch(/\n +at /)
  })

  it('is 2 without a key, and says how to give one', async () => {
    const { code, stderr } = await runProgram(['assets', 'list'])

    expect(code).toBe(2)
    expect(stderr).toMatch(oneLine)
    expect(stderr).toMatch(/--api-key.*PARTWAY_API_KEY/)
  })

  it('is 2 for a variable that is no address, and names it', async () => {
    const ours = await runProgram(['assets', 'list'], { ...key, PARTWAY_SERVER: 'nowhere' })
    const theirs = await runProgram(['assets', 'list'], { ...key, TWELVELABS_BASE_URL: 'nowhere' })

    expect([ours.code, theirs.code]).toEqual([2, 2])
    expect(ours.stderr).toMatch(/^PARTWAY_SERVER must be a URL.*"nowhere"/)
    expect(theirs.stderr).toMatch(/^TWELVELABS_BASE_URL must be a URL.*"nowhere"/)
  })

  it('is 2 for a file that is empty or of no known type', async () => {
    await using folder = await temporaryFolder()
    const [empty, unknown] = [join(folder.path, 'empty.mp4'), join(folder.path, 'notes.xyz')]
    await writeFile(empty, '')
    await writeFile(unknown, 'text')

    const results = [
      await runProgram(['upload', empty], key),
      await runProgram(['upload', unknown], key),
    ]

    expect(results.map(({ code }) => code)).toEqual([2, 2])
    expect(results[0]!.stderr).toContain(`${empty} is empty`)
    expect(results[1]!.stderr).toContain('--type video|audio|image')
  })

  it('is 2 for wrong settings, which are all reported together', async () => {
    await using folder = await temporaryFolder()
    const { code, stdout, stderr } = await runProgram(
      ['serve', '--listen', 'nowhere', '--data', folder.path],
      {
        PARTWAY_UPLOAD_TTL: 'soon',
        PARTWAY_MAX_VIDEO_SIZE: '-1',
        PARTWAY_LOG_LEVEL: 'loud',
        PARTWAY_SPEED: 'fast',
      },
    )

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const wrong of [
      /^ *--listen must be .*; received "nowhere"\.$/m,
      /^ *PARTWAY_UPLOAD_TTL must be .*; received "soon"\.$/m,
      /^ *PARTWAY_MAX_VIDEO_SIZE must be .*; received "-1"\.$/m,
      /^ *PARTWAY_LOG_LEVEL must be .*; received "loud"\.$/m,
      /^ *PARTWAY_SPEED is not a setting\./m,
    ]) {
      expect(stderr).toMatch(wrong)
    }
  })

  it('is 1 for a file that is not there', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'missing.mp4')

    const { code, stderr } = await runProgram(['upload', path], key)

    expect(code).toBe(1)
    expect(stderr).toMatch(oneLine)
    expect(stderr).toContain(path)
  })

  it('is 1 when there is nothing to upload in a folder', async () => {
    await using folder = await temporaryFolder()

    const { code, stderr } = await runProgram(['upload', '-r', folder.path], key)

    expect(code).toBe(1)
    expect(stderr).toBe('Failed: there is nothing to upload.\n')
  })

  it('is 1 soon when the server is down, also for uploads', async () => {
    await using folder = await temporaryFolder()
    const server = await deadServer()
    const path = join(folder.path, 'film.mp4')
    await writeFile(path, 'film')
    const env = { ...key, PARTWAY_SERVER: server, XDG_STATE_HOME: folder.path }

    for (const args of [
      ['assets', 'list'],
      ['upload', path],
    ]) {
      const { code, stderr } = await runProgram(args, env)

      expect(code).toBe(1)
      expect(stderr).toMatch(oneLine)
      expect(stderr).toContain(`No answer from ${server}`)
    }
  })

  it('is 1 for a wrong key and for an address with a path, and says what is wrong', async () => {
    await using world = await startCommandWorld()
    const path = world.at('film.mp4')
    await writeFile(path, 'film')

    const wrongKey = await world.partway('upload', path, '--api-key', 'pw_wrong')
    const withPath = await world.partway('upload', path, '--server', `${world.server.url}/docs`)

    expect([wrongKey.code, withPath.code]).toEqual([1, 1])
    expect(wrongKey.stderr).toMatch(oneLine)
    expect(wrongKey.stderr).toContain('[api_key_invalid]')
    expect(withPath.stderr).toMatch(oneLine)
    expect(withPath.stderr).toContain('without any path')
  })
})
