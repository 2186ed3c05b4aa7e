import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../support/program.ts'
import { CHUNK, createApi, proofOf, putChunk } from '../support/program-api.ts'
import {
  type CommandWorld,
  commandEnv,
  eventsNamed,
  startCommand,
  startCommandWorld,
  uploadedOf,
} from '../support/program-cli.ts'
import { fetchSha256, writeRandomFile } from '../support/program-files.ts'
import { startProxy } from '../support/proxy.ts'

describe('an upload that was interrupted', () => {
  let world: CommandWorld
  beforeAll(async () => {
    world = await startCommandWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** Runs a command until the server has confirmed so many bytes, then presses Ctrl-C. */
  async function interrupt(args: string[], env: Record<string, string>, signal: NodeJS.Signals) {
    const command = startCommand(args, env)
    const confirmed = () =>
      eventsNamed(command.stdout(), 'progress').some(({ acknowledged }) => acknowledged >= CHUNK)
    await expect.poll(confirmed, { interval: 20, timeout: 20_000 }).toBe(true)
    command.process.kill(signal)
    return command.result
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'pauses by %s and goes on with the same command, sending no stored chunk twice',
    async (signal) => {
      await using proxy = await startProxy(world.server.url)
      const env = commandEnv(proxy, world.at())
      const path = world.at(`${signal}.mp4`)
      const expected = await writeRandomFile(path, 6 * CHUNK)
      const args = ['upload', path, '--json', '--concurrency', '1']

      const paused = await interrupt([...args, '--limit-rate', '2MiB'], env, signal)
      const before = await createApi(world.server).uploads()
      const { code, stdout } = await runProgram(args, env)

      expect(paused.code).toBe(130)
      expect(paused.stderr).toBe('Paused. Run the same command again to go on.\n')
      const [{ upload_id } = {}] = eventsNamed(paused.stdout, 'paused')
      expect(before.data.map((upload) => upload.upload_id)).toContain(upload_id)
      expect(code).toBe(0)
      expect(eventsNamed(stdout, 'resumed')).toMatchObject([{ upload_id }])
      const uploaded = uploadedOf({ code, stdout, stderr: '' })
      expect(uploaded).toMatchObject({ upload_id, sha256: expected })
      expect(await fetchSha256(uploaded.url)).toBe(expected)
      const puts = proxy.exchanges.filter(
        ({ method, status }) => method === 'PUT' && status === 200,
      )
      expect(puts).toHaveLength(6)
    },
  )

  it('sends only the files that an interrupted command had not sent', async () => {
    const paths = [world.at('first.txt'), world.at('second.mp4')]
    await writeFile(paths[0]!, 'A text becomes ready; a film of random bytes would not.')
    await writeRandomFile(paths[1]!, 4 * CHUNK)
    const args = ['upload', ...paths, '--json', '--concurrency', '1']
    const slow = startCommand([...args, '--limit-rate', '2MiB'], world.env)
    const firstIsThere = () => eventsNamed(slow.stdout(), 'uploaded').length === 1
    await expect.poll(firstIsThere, { interval: 20, timeout: 20_000 }).toBe(true)
    slow.process.kill('SIGINT')
    const [first] = eventsNamed((await slow.result).stdout, 'uploaded')

    const again = await runProgram(args, world.env)
    const anew = await runProgram(args, world.env)

    expect(again.code).toBe(0)
    const [same, second] = eventsNamed(again.stdout, 'uploaded')
    expect(same).toMatchObject({ asset_id: first!.asset_id, seconds: 0 })
    expect(second!.file).toBe(paths[1])
    // Once all was done, the same command means new assets.
    expect(eventsNamed(anew.stdout, 'uploaded').map(({ asset_id }) => asset_id)).not.toContain(
      first!.asset_id,
    )
  })

  it('starts afresh with --no-resume, and says how to resume that one', async () => {
    const path = world.at("it's fresh.mp4")
    await writeRandomFile(path, 4 * CHUNK)
    const args = ['upload', path, '--json', '--no-resume', '--concurrency', '1']

    const paused = await interrupt([...args, '--limit-rate', '2MiB'], world.env, 'SIGINT')
    const [{ upload_id: id } = {}] = eventsNamed(paused.stdout, 'paused')
    const { stdout, code } = await runProgram(args, world.env)

    const quoted = `'${path.replace("'", "'\\''")}'`
    expect(paused.stderr).toBe(`Paused. To go on:\n  partway uploads resume ${id} ${quoted}\n`)
    expect(code).toBe(0)
    expect(eventsNamed(stdout, 'resumed')).toEqual([])
    expect(eventsNamed(stdout, 'uploaded')[0]!.upload_id).not.toBe(id)
  })

  it('says how to resume where nothing could be remembered, and what had not begun', async () => {
    const paths = ['unremembered.mp4', 'queued.mp4'].map((name) => world.at(name))
    for (const path of paths) await writeRandomFile(path, 4 * CHUNK)
    const env = { ...world.env, XDG_STATE_HOME: paths[0]! }
    const args = ['upload', ...paths, '--json', '--limit-rate', '2MiB', '--concurrency', '1']

    const { code, stdout, stderr } = await interrupt(args, env, 'SIGINT')

    expect(code).toBe(130)
    expect(
      eventsNamed(stdout, 'paused')
        .map(({ file }) => file)
        .toSorted(),
    ).toEqual(paths.toSorted())
    const id = eventsNamed(stdout, 'started')[0]!.upload_id
    expect(stderr.split('\n').slice(1)).toEqual([
      'Paused. To go on:',
      `  partway uploads resume ${id} ${paths[0]}`,
      'Files not begun: 1.',
      '',
    ])
  })

  describe('on another machine', () => {
    /** An upload of which the first chunk is there. */
    async function halfSent(path: string): Promise<string> {
      const bytes = new Uint8Array(await readFile(path))
      const api = createApi(world.server)
      const session = await api.create(bytes.byteLength)
      const chunk = bytes.subarray(0, CHUNK)
      const { etag } = await putChunk(session.upload_urls[0]!.url, chunk)
      await api.report(session.upload_id, [proofOf(1, etag!, chunk)])
      return session.upload_id
    }

    it('is finished by `partway uploads resume ID FILE`', async () => {
      const path = world.at('moved.bin')
      const expected = await writeRandomFile(path, 3 * CHUNK)
      const id = await halfSent(path)

      const result = await world.partway('uploads', 'resume', id, path, '--json')

      expect(result).toMatchObject({ code: 0, stderr: '' })
      expect(eventsNamed(result.stdout, 'resumed')).toMatchObject([
        { upload_id: id, resumed_size: CHUNK },
      ])
      const { url, sha256 } = uploadedOf(result)
      expect(sha256).toBe(expected)
      expect(await fetchSha256(url)).toBe(expected)
    })

    it('fails when parts of another file of that size are there', async () => {
      const path = world.at('original.mp4')
      await writeRandomFile(path, 2 * CHUNK)
      const id = await halfSent(path)
      const other = world.at('other.mp4')
      await writeRandomFile(other, 2 * CHUNK)

      const { code, stdout } = await world.partway('uploads', 'resume', id, other, '--json')

      expect(code).toBe(1)
      expect(eventsNamed(stdout, 'uploaded')).toEqual([])
      expect(eventsNamed(stdout, 'failed')).toMatchObject([{ code: 'content_differs' }])
    })

    it('says so when nothing tells whether parts of another file are there', async () => {
      const path = world.at('unsure.bin')
      await writeRandomFile(path, 2 * CHUNK)
      const id = await halfSent(path)
      await using proxy = await startProxy(world.server.url, {
        etag: ({ url }) => (url.startsWith('/content/') ? '"no-digest"' : undefined),
      })

      const { code, stdout, stderr } = await runProgram(
        ['uploads', 'resume', id, path, '--json'],
        commandEnv(proxy, world.at()),
      )

      expect(code).toBe(0)
      const { asset_id } = uploadedOf({ code, stdout, stderr })
      expect(stderr).toBe(
        `${path} could not be compared with asset ${asset_id}: the ETag of its store is no digest of the chunks ("no-digest").\n`,
      )
    })

    it('ends at once with the second Ctrl-C when the first has to wait', async () => {
      const path = world.at('twice.bin')
      await writeRandomFile(path, 2 * CHUNK)
      const id = await halfSent(path)
      await using proxy = await startProxy(world.server.url, {
        before: ({ url }) => (url.startsWith('/content/') ? 'stall' : undefined),
      })
      const command = startCommand(
        ['uploads', 'resume', id, path, '--json'],
        commandEnv(proxy, world.at()),
      )
      const comparing = () => proxy.exchanges.some(({ url }) => url.startsWith('/content/'))
      await expect.poll(comparing, { interval: 20, timeout: 20_000 }).toBe(true)

      command.process.kill('SIGINT')
      await sleep(500)
      expect(command.process.exitCode).toBeNull()
      expect(command.process.signalCode).toBeNull()
      // Another signal, because two of the same may arrive as one.
      command.process.kill('SIGTERM')

      await expect.poll(() => command.process.exitCode).toBe(130)
    })

    it('cannot be finished with a file of another size, or when it is over', async () => {
      const path = world.at('short.mp4')
      await writeFile(path, 'short')
      const { upload_id: id } = await createApi(world.server).create(2 * CHUNK)

      const { code, stderr } = await world.partway('uploads', 'resume', id, path)

      expect(code).toBe(1)
      expect(stderr).toContain('[upload_ended]')
    })
  })
})
