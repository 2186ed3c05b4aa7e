import { open, stat, truncate, utimes } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { expectCleanEnd, expectIdentical } from '../support/expect.ts'
import { fileSha256, startWorld, type TestFile, type World } from '../support/world.ts'

let world: World
let journals: string
let film: TestFile
let files = 0

beforeAll(async () => {
  world = await startWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  journals = `${world.folder}/journals-${++files}`
  film = await world.file(`film-${files}.mp4`, 10 * CHUNK + 1)
  world.proxy.reset()
  world.link.options = { totalRate: 30e6 }
})

/** Writes over some bytes of the file, and says what it is now. */
async function rewrite(at: number, keepTime: boolean): Promise<TestFile> {
  const before = await stat(film.path)
  const file = await open(film.path, 'r+')
  await file.write(Buffer.from('other bytes'), 0, 11, at)
  await file.close()
  if (keepTime) await utimes(film.path, before.atime, before.mtime)
  return { ...film, sha256: await fileSha256(film.path) }
}

const chunks = () => [...world.proxy.ledger.chunks.values()]
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)

describe('a second run', () => {
  it('sends only what the first had not brought to the store, and knows every digest', async () => {
    await world.upload(film, { journals, signalAt: 0.5 })

    const run = await world.upload(film, { journals })

    expect(world.proxy.ledger.calls.get('create')).toBe(1)
    expect(sum(chunks().map(({ needless }) => needless))).toBe(0)
    expect(run.asset!.digests).toEqual(film.digests)
    await expectIdentical(world, film, run)
  })

  it.each([
    ['was written to', false],
    ['was written to and says nothing of it', true],
  ])('starts afresh when the file %s', async (_name, keepTime) => {
    await world.upload(film, { journals, signalAt: 0.5 })
    const changed = await rewrite(100, keepTime)

    const run = await world.upload(changed, { journals })

    expect(world.proxy.ledger.calls.get('create')).toBe(2)
    await expectIdentical(world, changed, run)
  })

  it('starts afresh when the file has become shorter', async () => {
    await world.upload(film, { journals, signalAt: 0.5 })
    await truncate(film.path, 4 * CHUNK)
    const shorter = { ...film, size: 4 * CHUNK, sha256: await fileSha256(film.path) }

    const run = await world.upload(shorter, { journals })

    expect(world.proxy.ledger.calls.get('create')).toBe(2)
    await expectIdentical(world, shorter, run)
  })

  it('starts afresh when the upload is gone from the server', async () => {
    const first = await world.upload(film, { journals, signalAt: 0.5 })
    expectCleanEnd(first)
    const [path] = world.proxy.ledger.chunks.keys()
    const uploadId = path!.split('/')[2]!
    await world.client().uploads.abort(uploadId)

    const run = await world.upload(film, { journals })

    await expectIdentical(world, film, run)
  })

  it('by the id of the upload needs no journal', async () => {
    await world.upload(film, { signalAt: 0.5 })
    const [path] = world.proxy.ledger.chunks.keys()
    const uploadId = path!.split('/')[2]!

    const run = await world.upload(film, { options: { uploadId } })

    expect(run.asset).toMatchObject({ uploadId })
    await expectIdentical(world, film, run)
  })
})

it('a second process with the same file is refused, and the first is not disturbed', async () => {
  const first = world.start(film, { journals, options: { limitRate: 6e6 } })
  await expect.poll(() => world.proxy.ledger.chunks.size, { timeout: 20_000 }).toBeGreaterThan(0)

  const second = await world.upload(film, { journals })

  expectCleanEnd(second)
  expect(second.error).toMatchObject({ name: 'UploadError', code: 'upload_in_progress' })
  await expectIdentical(world, film, await first.ended)
})

describe('a file that is changed while it is uploaded', () => {
  /** Changes the file when two of its chunks have arrived. */
  async function changing(change: () => Promise<unknown>) {
    const upload = world.start(film, { journals, options: { limitRate: 10e6, concurrency: 1 } })
    const arrived = () => chunks().filter(({ acknowledged }) => acknowledged > 0).length
    await expect.poll(arrived, { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
    await change()
    return upload.ended
  }

  it('is noticed when it becomes shorter', async () => {
    const run = await changing(() => truncate(film.path, 5 * CHUNK))

    expectCleanEnd(run)
    expect(run.error).toMatchObject({ name: 'UploadError', code: 'file_changed' })
  })

  it('is noticed when it keeps its size', async () => {
    const run = await changing(() => rewrite(8 * CHUNK, false))

    expectCleanEnd(run)
    expect(run.error).toMatchObject({ name: 'UploadError', code: 'file_changed' })
  })
})
