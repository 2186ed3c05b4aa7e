import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Asset } from '@partway/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { skipsMedia } from '../support/media.ts'
import { createMoveWorld, everyAsset, moveEvents, withoutUrls } from '../support/migrate-store.ts'
import { fill } from '../support/migrate-store-source.ts'
import { skipsPostgres } from '../support/postgres.ts'
import { type Program, runProgram, TEST_KEY } from '../support/program.ts'
import { createApi } from '../support/program-api.ts'
import { fetchSha256 } from '../support/program-files.ts'
import { s3Missing } from '../support/s3.ts'

const KILLS = 5

/** Ends a command from within, so that it is in the middle whoever else stands still. */
function killedAfter(moved: number, ms: number): Record<string, string> {
  const script = `
    const { write } = process.stdout
    let moved = 0
    process.stdout.write = (text, ...more) => {
      moved += String(text).split('"event":"moved"').length - 1
      if (moved >= ${moved}) setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${ms})
      return write.call(process.stdout, text, ...more)
    }`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
}

describe.skipIf(s3Missing || skipsPostgres)('200 assets moved by a command that is killed', () => {
  let world: Awaited<ReturnType<typeof createMoveWorld>>
  let digests: Map<string, string>
  /** As the source has them. */
  let assets: Asset[]
  let apiKey: string
  let target: Program
  /** How many assets were moved when it was killed, each time. */
  const movedAtKill: number[] = []

  beforeAll(async () => {
    world = await createMoveWorld()
    {
      await using source = await world.startSource()
      const { stdout } = await runProgram(['keys', 'create', '--json', '--data', world.data])
      apiKey = JSON.parse(stdout).key
      digests = await fill(source, world.folder.path)
      assets = await everyAsset(createApi(source))
      expect(await source.kill('SIGTERM')).toBe(0)
    }
    for (let kill = 0; kill < KILLS; kill++) {
      const dying = { ...world.env, ...killedAfter(randomInt(2, 25), randomInt(60)) }
      const { stdout } = await runProgram(world.args('--json'), dying)
      const events = moveEvents(stdout.replace(/[^\n]*$/, ''))
      movedAtKill.push(events.filter(({ event }) => event === 'moved').length)
    }
    const oldKey = (await readFile(join(world.data, 'signing.key'), 'utf8')).trim()
    const moved = await world.move('--json')
    expect(moved, moved.stderr).toMatchObject({ code: 0 })
    target = await world.startTarget(
      { PARTWAY_SIGNING_KEYS: `${world.env.PARTWAY_SIGNING_KEYS},${oldKey}` },
      null,
    )
  }, 300_000)

  afterAll(async () => {
    await target?.kill('SIGTERM')
    await world?.[Symbol.asyncDispose]()
  })

  it('was killed in the middle each time', () => {
    expect(digests.size).toBe(200)
    const kinds = new Set(assets.map(({ status, file_type }) => `${status} ${file_type ?? ''}`))
    for (const kind of ['ready audio/wav', 'ready image/png', 'ready text/markdown'])
      expect(kinds).toContain(kind)
    for (const moved of movedAtKill) expect(moved).toBeGreaterThan(0)
    expect(movedAtKill.reduce((sum, moved) => sum + moved, 0)).toBeLessThan(200)
  })

  it('has the same list of assets, but for their URLs', async () => {
    expect(withoutUrls(await everyAsset(createApi(target, apiKey)))).toEqual(withoutUrls(assets))
  })

  it('has every byte of every asset', async () => {
    const found = new Map<string, string>()
    for (const { _id, url } of await everyAsset(createApi(target, apiKey)))
      found.set(_id, await fetchSha256(url!))
    expect(found).toEqual(digests)
  })

  it('serves content at URLs that were handed out before', async () => {
    for (const { _id, url } of assets.slice(0, 20)) {
      const { pathname, search } = new URL(url!)
      expect(await fetchSha256(`${target.url}${pathname}${search}`)).toBe(digests.get(_id))
    }
  })

  it.skipIf(skipsMedia)('plays the stream and shows the thumbnail of a film', async () => {
    const [film] = (await everyAsset(createApi(target, apiKey))).filter(({ hls }) => hls)
    expect(film).toMatchObject({ hls: { status: 'ready' }, thumbnail: { status: 'ready' } })
    const thumbnail = await fetch(film!.thumbnail!.representative_url!)
    expect(thumbnail.headers.get('content-type')).toBe('image/jpeg')
    const playing = ['-v', 'error', '-i', film!.hls!.manifest_url!, '-f', 'null', '-']
    expect(execFileSync('ffmpeg', playing, { encoding: 'utf8' })).toBe('')
  })

  it('takes the keys of the source, and makes no other', async () => {
    expect(target.stdout()).not.toContain('Your API key')
    const keys = await runProgram(['keys', 'list', '--json'], world.env)
    expect(JSON.parse(keys.stdout)).toHaveLength(1)
    expect((await createApi(target, TEST_KEY).request('GET', '/assets')).status).toBe(401)
  })

  it('leaves no notes of any asset behind but that it was moved, and moves nothing a second time', async () => {
    expect(await readdir(join(world.data, 'migrate-store'))).toEqual(['moved'])
    const again = await world.move('--json')
    expect(moveEvents(again.stdout).at(-1)).toEqual({
      ...{ event: 'done', moved: 0, present: 200, failed: 0 },
    })
  })
})
