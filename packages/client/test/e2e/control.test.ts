import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { fromStream, type Upload } from '@partway/client'
import { createClient, openFile } from '@partway/client/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TEST_KEY } from '../../../server/test/support/program.ts'
import { CHUNK, createApi } from '../../../server/test/support/program-api.ts'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import { expectCleanEnd, expectIdentical } from '../support/expect.ts'
import { first } from '../support/faults.ts'
import { progressOf, type UploadEvent } from '../support/run-uploader.ts'
import { startWorld, type TestFile, type World } from '../support/world.ts'

let world: World
let film: TestFile

beforeAll(async () => {
  world = await startWorld()
  film = await world.file('film.mp4', 10 * CHUNK + 1)
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

const activeUploads = async () =>
  (await createApi(world.server).uploads()).data
    .filter(({ status }) => status === 'active')
    .map((upload) => upload.upload_id)

const chunkCounts = () => [...world.proxy.ledger.chunks.values()]

describe.each(['node', 'fetch'] as const)('by %s', (transport) => {
  it('a pause stops all sending, and after it the rest is sent', async () => {
    world.proxy.reset()
    world.link.options = { totalRate: 40e6 }

    const run = await world.upload(film, { transport, pauseAt: 0.4, options: { concurrency: 2 } })

    const kinds = run.events.map(({ kind }) => kind)
    const [paused, resumed] = [kinds.indexOf('paused'), kinds.indexOf('resumed')]
    expect(paused).toBeGreaterThan(0)
    const { progress } = run.events[paused] as Extract<UploadEvent, { kind: 'paused' }>
    expect(progress.phase).toBe('paused')
    expect(progress.sent).toBeLessThan(film.size)
    const between = progressOf({ ...run, events: run.events.slice(paused + 1, resumed) })
    for (const { phase, sent } of between) {
      expect({ phase, sent }).toEqual({ phase: 'paused', sent: progress.sent })
    }
    for (const { needless } of chunkCounts()) expect(needless).toBe(0)
    await expectIdentical(world, film, run)
  })

  it('a resume that does not wait for the pause to be complete goes on', async () => {
    world.proxy.reset()
    world.link.options = { totalRate: 40e6 }

    const run = await world.upload(film, { transport, pauseAt: 0.3, hasty: true })

    await expectIdentical(world, film, run)
  })

  it('an abort ends the upload here and on the server', async () => {
    world.proxy.reset()
    world.link.options = { totalRate: 40e6 }
    const before = await activeUploads()

    const run = await world.upload(film, { transport, abortAt: 0.3 })

    expectCleanEnd(run)
    expect(run.error).toMatchObject({ name: 'UploadError', code: 'aborted' })
    expect(run.events.map(({ kind }) => kind)).toContain('aborted')
    expect(world.proxy.ledger.calls.get('abort')).toBe(1)
    expect(await activeUploads()).toEqual(before)
  })
})

it('a stream is paused and resumed, although it can be read only once', async () => {
  world.proxy.reset()
  world.link.options = { totalRate: 40e6 }
  const stream = createReadStream(film.path)
  const source = fromStream(stream, { name: 'film.mp4', size: film.size })
  const upload = world.client(world.link.url).upload(source, { concurrency: 2 })
  const stored = () => chunkCounts().filter(({ acknowledged }) => acknowledged > 0).length
  await expect.poll(stored, { timeout: 20_000 }).toBeGreaterThanOrEqual(3)

  await upload.pause()
  upload.resume()

  const { url } = await upload.done()
  expect(await fetchSha256(url)).toBe(film.sha256)
})

it('an abort after a failure ends the upload on the server, unless somebody else goes on with it', async () => {
  world.proxy.reset(first('chunk', { kind: 'answer', status: 418 }, { chunks: [3] }))
  world.link.options = { totalRate: 40e6 }
  const before = await activeUploads()
  const client = createClient({
    ...{ server: world.link.url, apiKey: TEST_KEY, journals: `${world.folder}/failed` },
  })
  await using file = await openFile(film.path)
  const upload = client.upload(file)
  await expect(upload.done()).rejects.toMatchObject({ status: 418, chunkIndex: 3 })
  expect(await activeUploads()).toEqual([upload.id, ...before])

  const again = client.upload(file)
  await expect.poll(() => again.id).toBe(upload.id)
  await expect(upload.abort()).rejects.toMatchObject({ code: 'upload_in_progress' })
  await again.pause()
  expect(await activeUploads()).toEqual([upload.id, ...before])
  await again.abort()
  expect(await activeUploads()).toEqual(before)
  await upload.abort()
})

describe('while the upload is created', () => {
  async function begin(): Promise<Upload> {
    world.proxy.reset()
    world.link.options = { latencyMs: 100 }
    const upload = world.client(world.link.url).upload(await openFile(film.path))
    await once(world.proxy.events, 'begun')
    return upload
  }

  it('an abort leaves nothing on the server', async () => {
    const before = await activeUploads()
    const upload = await begin()
    await upload.abort()
    await expect.poll(() => world.proxy.ledger.calls.get('abort')).toBe(1)
    await expect.poll(activeUploads).toEqual(before)
    expect(upload.id).toBeUndefined()
  })

  it('a pause leaves nothing on the server but what is gone on with', async () => {
    const before = await activeUploads()
    const upload = await begin()
    await upload.pause()
    upload.resume()
    await expect.poll(() => upload.id).toBeTypeOf('string')
    await expect.poll(activeUploads).toEqual([upload.id, ...before])
    await upload.abort()
    expect(await activeUploads()).toEqual(before)
  })
})

it('a signal stops the upload with its own reason, and leaves it on the server', async () => {
  world.proxy.reset()
  world.link.options = { totalRate: 40e6 }
  const journals = `${world.folder}/journals`

  const stopped = await world.upload(film, { journals, signalAt: 0.5 })

  expectCleanEnd(stopped)
  expect(stopped.error).toMatchObject({ message: 'enough' })
  expect(world.proxy.ledger.calls.has('abort')).toBe(false)
  const run = await world.upload(film, { journals })
  expect(world.proxy.ledger.calls.get('create')).toBe(1)
  for (const { needless } of chunkCounts()) expect(needless).toBe(0)
  await expectIdentical(world, film, run)
})

it('a wrong key ends at once with what the server says', async () => {
  world.proxy.reset()

  const run = await world.upload(film, { apiKey: 'pw_not-a-key-at-all' })

  expectCleanEnd(run)
  expect(run.error).toMatchObject({ name: 'UploadError', status: 401, code: 'api_key_invalid' })
  expect(Object.fromEntries(world.proxy.ledger.calls)).toEqual({ create: 1 })
})
