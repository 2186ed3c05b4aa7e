import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram, TEST_KEY } from '../support/program.ts'
import { CHUNK, createApi, MiB } from '../support/program-api.ts'
import {
  type CommandWorld,
  eventsNamed,
  eventsOf,
  startCommandWorld,
  uploadedOf,
} from '../support/program-cli.ts'
import { fetchSha256, writeRandomFile } from '../support/program-files.ts'

describe('partway upload', () => {
  let world: CommandWorld
  beforeAll(async () => {
    world = await startCommandWorld()
    await mkdir(world.at('footage', 'day two'), { recursive: true })
    await mkdir(world.at('footage', '.trash'))
    await writeRandomFile(world.at('footage', 'one.mp4'), 2 * CHUNK + 5)
    await writeRandomFile(world.at('footage', 'day two', 'two.mov'), 1000)
    await copyFile(world.at('footage', 'one.mp4'), world.at('footage', 'day two', 'one.mp4'))
    await writeFile(world.at('footage', 'notes.xyz'), 'no media')
    await writeFile(world.at('footage', 'empty.mp4'), '')
    await writeFile(world.at('footage', '.hidden.mp4'), 'hidden')
    await writeFile(world.at('footage', '.trash', 'old.mp4'), 'hidden')
    await symlink('../one.mp4', world.at('footage', 'day two', 'same.mp4'))
    await symlink('..', world.at('footage', 'day two', 'loop'))
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  const names = (stdout: string) =>
    eventsNamed(stdout, 'uploaded')
      .map(({ file }) => relative(world.at('footage'), file))
      .toSorted()

  it('sends the files of a folder and single files, each once, and passes over the rest', async () => {
    const single = world.at('single.mp4')
    const expected = await writeRandomFile(single, CHUNK)

    const { code, stdout, stderr } = await world.partway(
      ...['upload', '-r', world.at('footage'), single, single, '--json'],
    )

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const sentFiles = ['day two/one.mp4', 'day two/two.mov', 'one.mp4']
    expect(names(stdout)).toEqual([...sentFiles, '../single.mp4'].toSorted())
    const skipped = eventsNamed(stdout, 'skipped').map(({ file, reason }) => [file, reason])
    expect(skipped).toEqual([
      [world.at('footage', 'empty.mp4'), 'it is empty.'],
      [world.at('footage', 'notes.xyz'), 'its type is not told by its name.'],
    ])
    const sent = eventsNamed(stdout, 'uploaded').find(({ file }) => file === single)!
    expect(sent.sha256).toBe(expected)
    expect(await fetchSha256(sent.url)).toBe(expected)
  })

  it('chooses files of folders by their name or their path', async () => {
    const byName = await world.partway(
      ...['upload', '-r', world.at('footage'), '--glob', '*.mov', '--json'],
    )
    const byPath = await world.partway(
      ...['upload', '-r', world.at('footage'), '--glob', 'day*/o*.mp4', '--json'],
    )

    expect(names(byName.stdout)).toEqual(['day two/two.mov'])
    expect(names(byPath.stdout)).toEqual(['day two/one.mp4'])
  })

  it('goes on with the others when one file fails, and ends with 1 and a summary', async () => {
    const { code, stdout, stderr } = await world.partway(
      ...['upload', world.at('missing.mp4'), world.at('footage', 'one.mp4')],
    )

    expect(code).toBe(1)
    expect(stderr).toContain(`Failed: ${world.at('missing.mp4')}: there is no such file.\n`)
    expect(stdout).toContain(`Uploaded ${world.at('footage', 'one.mp4')}: 10.0 MiB in`)
    expect(stdout).toMatch(/^1 of 2 files uploaded, 1 failed\.$/m)
  })

  it('tells every step in JSON, and what was asked for arrives', async () => {
    const path = world.at('footage', 'one.mp4')

    const { code, stdout } = await world.partway(
      ...['upload', path, '--json', '--metadata', 'title=Holiday = 1', '--metadata', 'take:=3'],
      ...['--metadata', 'final:=true', '--thumbnail', '--hls', '--concurrency', '2'],
    )

    expect(code).toBe(0)
    const events = eventsOf(stdout)
    expect(events[0]).toMatchObject({ event: 'started', file: path, size: 2 * CHUNK + 5 })
    expect(events.at(-1)).toMatchObject({ event: 'uploaded', resumed_size: 0 })
    for (const progress of eventsNamed(stdout, 'progress')) {
      expect(progress.sent).toBeGreaterThanOrEqual(progress.acknowledged)
      expect(progress.size).toBe(2 * CHUNK + 5)
    }
    const asset = await createApi(world.server).asset(
      uploadedOf({ code, stdout, stderr: '' }).asset_id,
    )
    expect(asset.user_metadata).toEqual({ title: 'Holiday = 1', take: 3, final: true })
    expect(asset.hls).toBeDefined()
    expect(asset.thumbnail).toBeDefined()
  })

  it('waits until the asset is ready and shows what was made of it', async () => {
    const path = world.at('still.bmp')
    await writeFile(path, TINY_PNG)

    const { code, stdout } = await world.partway(
      ...['upload', path, '--type', 'image', '--thumbnail', '--wait'],
    )

    expect(code).toBe(0)
    expect(stdout).toMatch(/still\.bmp is ready: asset [0-9a-f]{24}, image\/png$/m)
    const thumbnail = await fetch(/thumbnail +(\S+)/.exec(stdout)![1]!)
    expect(thumbnail.headers.get('content-type')).toBe('image/jpeg')
  })

  it('ends with 1 when the asset that was waited for fails, and says why', async () => {
    const path = world.at('letter.mp4')
    await writeFile(path, 'Dear reader, this is no film.')

    const { code, stdout } = await world.partway('upload', path, '--wait', '--json')

    expect(code).toBe(1)
    const events = eventsOf(stdout)
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['started', 'uploaded', 'processing', 'failed']),
    )
    expect(events.at(-1)).toMatchObject({
      ...{
        event: 'failed',
        code: 'asset_failed',
        asset_id: expect.stringMatching(/^[0-9a-f]{24}$/),
      },
      message: expect.stringMatching(/\w/),
    })
  })

  it('keeps to the limit of the rate, and tells how far it is', async () => {
    const path = world.at('slow.mp4')
    await writeRandomFile(path, 6 * MiB)
    const began = performance.now()

    const { code, stdout, stderr } = await world.partway('upload', path, '--limit-rate', '3MiB/s')

    expect(code).toBe(0)
    expect(stdout).toContain('Uploaded')
    // Six MiB at three a second take two seconds; what a busy machine adds does not matter.
    expect(performance.now() - began).toBeGreaterThan(1500)
    const percents = [...stderr.matchAll(/: (\d+) %, [\d.]+ \w+\/s/g)].map(([, n]) => Number(n))
    expect(percents.length).toBeGreaterThan(2)
    expect(percents).toEqual(percents.toSorted((a, b) => a - b))
  })

  it('finds the server and the key by the variables of the official SDKs', async () => {
    const { XDG_STATE_HOME } = world.env
    const official = {
      TWELVELABS_BASE_URL: `${world.server.url}/v1.3`,
      ...{ TWELVE_LABS_API_KEY: TEST_KEY, XDG_STATE_HOME },
    }
    const path = world.at('footage', 'day two', 'two.mov')

    expect((await runProgram(['upload', path], official)).code).toBe(0)
    const ours = { ...official, ...world.env, TWELVELABS_BASE_URL: 'http://127.0.0.1:9' }
    expect((await runProgram(['upload', path], ours)).code).toBe(0)
  })
})

/** One pixel. */
const TINY_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
