import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { importUrl, RENDITIONS, sendFile, settled } from '../support/assets-create.ts'
import { madeFiles } from '../support/assets-files.ts'
import { fetchHls } from '../support/assets-hls.ts'
import { processesOf } from '../support/assets-processes.ts'
import { type FolderServer, serveFolder } from '../support/assets-server.ts'
import { skipsMedia } from '../support/media.ts'
import { makeLargeMp4 } from '../support/media-large.ts'
import { ffmpeg } from '../support/media-samples.ts'
import {
  PROCESSING_SERVER,
  PROCESSING_STEPS,
  PROCESSING_VARIABLE,
  type ProcessingStep,
  SECOND_CHUNK,
} from '../support/processing-steps.ts'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi } from '../support/program-api.ts'
import { fetchSha256, sha256, storeOf } from '../support/program-files.ts'

const SECONDS = 30
/** A lease has to run out before another server takes over. */
const TAKEN_OVER_MS = 90_000
/** Tools find out by their next request that the server is gone, and ask a few times more. */
const ORPHANED = { timeout: 30_000, interval: 200 }

const LONG = { timeout: 300_000 }

describe.skipIf(skipsMedia)('a server killed while it makes an asset (needs ffmpeg)', LONG, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let elsewhere: FolderServer
  let film: Buffer<ArrayBuffer>
  let large: Buffer<ArrayBuffer>

  beforeAll(async () => {
    folder = await temporaryFolder()
    elsewhere = await serveFolder(folder.path)
    const path = join(folder.path, 'film.mp4')
    // Not what browsers play, so that the stream takes some encoding.
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc=size=320x240:rate=24:duration=${SECONDS}`],
      ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SECONDS}`],
      ...['-c:v', 'mpeg4', '-c:a', 'aac', path],
    )
    film = await readFile(path)
    const largePath = join(folder.path, 'large.mp4')
    await makeLargeMp4(path, largePath, 5 * CHUNK)
    large = await readFile(largePath)
  })
  afterAll(async () => {
    await elsewhere?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** A place for a server whose temporary files, if it has any, are seen. */
  async function place() {
    const own = await temporaryFolder()
    const tmp = join(own.path, 'tmp')
    await mkdir(tmp)
    const env = { TMPDIR: tmp, PARTWAY_IMPORT_RANGES: '127.0.0.0/8' }
    const data = join(own.path, 'data')
    return { data, env, tmp, [Symbol.asyncDispose]: own[Symbol.asyncDispose] }
  }

  type Place = Awaited<ReturnType<typeof place>>

  /** Runs a server until it dies at `step`; returns what was still known of it by then. */
  async function crashAt(
    step: ProcessingStep,
    { data, env }: Place,
    create: (server: Program) => Promise<string | undefined>,
    more: Record<string, string> = {},
  ) {
    await using dying = await startProgram({
      ...{ data, command: PROCESSING_SERVER },
      env: { ...env, ...more, [PROCESSING_VARIABLE]: step },
    })
    const id = await create(dying)
    await Promise.race([dying.ended, late(`the server did not come to: ${step}`)])
    return { id: id!, url: dying.url, signal: dying.process.signalCode }
  }

  const late = (message: string) =>
    setTimeout(TAKEN_OVER_MS, undefined, { ref: false }).then(() => {
      throw new Error(message)
    })

  it.concurrent.for(PROCESSING_STEPS)(
    '%s: the asset is finished after a restart',
    async (step, { expect }) => {
      await using here = await place()
      const content = film
      const crash = await crashAt(step, here, (server) =>
        sendFile(server, { name: 'film.mp4', content }, RENDITIONS),
      )
      expect(crash.signal).toBe('SIGKILL')
      await expect.poll(() => processesOf(crash.url), ORPHANED).toEqual([])

      await using server = await startProgram(here)
      const asset = await settled(server, crash.id, TAKEN_OVER_MS)

      expect(asset).toMatchObject({ status: 'ready', size: film.byteLength })
      expect(asset).toMatchObject({ hls: { status: 'ready' }, thumbnail: { status: 'ready' } })
      expect(await fetchSha256(asset.url!)).toBe(sha256(film))
      expect((await fetch(asset.thumbnail!.representative_url!)).status).toBe(200)
      const { files, duration } = await fetchHls(asset.hls!.manifest_url!)
      expect(duration).toBeCloseTo(SECONDS, 1)
      expect(await readdir(here.tmp)).toEqual([])
      const made = [...files.keys(), 'thumbnail.jpg'].toSorted()
      expect(await madeFiles(here.data, crash.id)).toEqual(made)
    },
  )

  it.concurrent(`${SECOND_CHUNK} of an import: only the rest is fetched after a restart`, async ({
    expect,
  }) => {
    await using here = await place()
    const url = elsewhere.url('large.mp4')
    const crash = await crashAt(SECOND_CHUNK, here, (server) => importUrl(server, url, RENDITIONS))
    expect(crash.signal).toBe('SIGKILL')
    elsewhere.ranges.length = 0

    await using server = await startProgram(here)
    const asset = await settled(server, crash.id, TAKEN_OVER_MS)

    expect(asset).toMatchObject({ status: 'ready', method: 'url', size: large.byteLength })
    expect(asset).toMatchObject({ hls: { status: 'ready' }, thumbnail: { status: 'ready' } })
    expect(await fetchSha256(asset.url!)).toBe(sha256(large))
    // The first asks what the file is; what was asked before may have come since.
    const { ranges } = elsewhere
    expect(ranges.slice(ranges.lastIndexOf('bytes=0-65535') + 1)).toHaveLength(3)
    expect(await storeOf(here.data).uploads()).toEqual([])
    expect((await createApi(server).assets()).page_info.total_results).toBe(1)
  })

  it.concurrent(`${SECOND_CHUNK} of a file that is sent: nothing shows and its bytes are freed`, async ({
    expect,
  }) => {
    await using here = await place()
    const shortly = { PARTWAY_UPLOAD_TTL: '2s' }
    const crash = await crashAt(
      SECOND_CHUNK,
      here,
      (server) =>
        sendFile(server, { name: 'large.mp4', content: large }, RENDITIONS).catch(() => undefined),
      shortly,
    )
    expect(crash).toMatchObject({ id: undefined, signal: 'SIGKILL' })
    const store = storeOf(here.data)
    const [left] = await store.uploads()
    expect(await store.bodies(left!)).not.toEqual([])

    const env = { ...here.env, PARTWAY_GRACE_PERIOD: '0s', PARTWAY_SWEEP_INTERVAL: '100ms' }
    await using server = await startProgram({ data: here.data, env })
    const api = createApi(server)

    expect((await api.assets()).data).toEqual([])
    expect((await api.uploads()).data).toEqual([])
    await expect.poll(store.uploads, { timeout: 20_000 }).toEqual([])
    expect(await store.objects()).toEqual([])
    expect((await api.assets()).data).toEqual([])
    expect(await readdir(here.tmp)).toEqual([])
  })
})
