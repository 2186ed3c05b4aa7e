import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RENDITIONS, sendFile, settled } from '../support/assets-create.ts'
import { madeFiles } from '../support/assets-files.ts'
import { fetchHls } from '../support/assets-hls.ts'
import { processesOf } from '../support/assets-processes.ts'
import { skipsMedia } from '../support/media.ts'
import { ffmpeg } from '../support/media-samples.ts'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { createApi } from '../support/program-api.ts'
import { storeOf } from '../support/program-files.ts'

const SECONDS = 40

describe.skipIf(skipsMedia)('while an HLS stream is made (needs ffmpeg)', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let film: Buffer<ArrayBuffer>

  beforeAll(async () => {
    folder = await temporaryFolder()
    const path = join(folder.path, 'film.mp4')
    // Not what browsers play, and large enough for its encoding to take a while.
    await ffmpeg(
      ...['-f', 'lavfi', '-i', `testsrc=size=1280x720:rate=24:duration=${SECONDS}`],
      ...['-c:v', 'mpeg4', '-q:v', '12', path],
    )
    film = await readFile(path)
  })
  afterAll(() => folder?.[Symbol.asyncDispose]())

  /** Sends a film and waits until there is a part of its stream, but not all of it. */
  async function halfway(server: Program): Promise<string> {
    const id = await sendFile(server, { name: 'film.mp4', content: film }, RENDITIONS)
    await expect
      .poll(() => madeFiles(server.data, id), { timeout: 60_000, interval: 50 })
      .toContain('segment_00000.m4s')
    expect(await createApi(server).asset(id)).toMatchObject({
      ...{ status: 'ready', thumbnail: { status: 'ready' }, hls: { status: 'processing' } },
    })
    return id
  }

  it('a server told to stop leaves no tool behind, and the next one makes the stream', async () => {
    await using own = await temporaryFolder()
    const data = join(own.path, 'data')
    await using stopped = await startProgram({ data })
    const id = await halfway(stopped)

    expect(await stopped.kill('SIGTERM')).toBe(0)
    expect(await processesOf(stopped.url)).toEqual([])

    await using server = await startProgram({ data })
    const asset = await settled(server, id)
    expect(asset).toMatchObject({ status: 'ready', hls: { status: 'ready' } })
    const { files, duration } = await fetchHls(asset.hls!.manifest_url!)
    expect(duration).toBeCloseTo(SECONDS, 1)
    expect(await madeFiles(data, id)).toEqual([...files.keys(), 'thumbnail.jpg'].toSorted())
  })

  it('an asset that is deleted leaves nothing behind, and no tool', async () => {
    await using own = await temporaryFolder()
    const data = join(own.path, 'data')
    const env = { PARTWAY_GRACE_PERIOD: '0s', PARTWAY_SWEEP_INTERVAL: '100ms' }
    await using server = await startProgram({ data, env })
    const id = await halfway(server)

    await createApi(server).request('DELETE', `/assets/${id}`)

    const store = storeOf(data)
    const left = async () => [
      ...[...(await store.objects()), ...(await madeFiles(data))],
      ...(await processesOf(server.url)),
    ]
    await expect.poll(left, { timeout: 60_000 }).toEqual([])
    await server.kill('SIGTERM')
    expect(await left()).toEqual([])
  })
})
