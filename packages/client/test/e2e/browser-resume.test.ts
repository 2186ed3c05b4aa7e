import { open, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CHUNK, MiB } from '../../../server/test/support/program-api.ts'
import { writeRandomFile } from '../../../server/test/support/program-files.ts'
import { inChromium, skipsChromium } from '../support/browser-chromium.ts'
import {
  acknowledged,
  activeUploads,
  assetOf,
  digestsAt,
  loadPage,
  openTab,
  startWorld,
  type Tab,
  type World,
} from '../support/browser-world.ts'

const SIZE = 40 * MiB + 12_345
/** Whole seconds, so that it can be set again. */
const MODIFIED = 1_700_000_000
/** Slow enough for what is done in the middle, wherever that is done. */
const SPEED = 4 * MiB
const CHUNKS = Math.ceil(SIZE / CHUNK)

describe.skipIf(skipsChromium)(`a file on disk that is uploaded ${inChromium}`, () => {
  let world: World
  let context: BrowserContext
  let tab: Tab
  let path: string
  let sha256: string
  let made = 0
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    context = await world.browser.newContext()
    tab = await openTab(world, context)
    path = join(world.folder, `film-${++made}.mp4`)
    sha256 = await writeRandomFile(path, SIZE)
    await utimes(path, MODIFIED, MODIFIED)
  })
  afterEach(() => context?.close())

  async function choose({ page }: Tab): Promise<void> {
    await page.setInputFiles('input', path)
    await page.evaluate(() => window.test.takeFile())
  }

  /** Sends some of it and loads the page again; returns the id of the upload. */
  async function breakOff(): Promise<string> {
    const { page } = tab
    await tab.slow(SPEED)
    await choose(tab)
    await page.evaluate(() => window.test.start())
    await acknowledged(tab, 15 * MiB)
    const id = await page.evaluate(() => window.test.upload.id)
    await loadPage(world, tab)
    await tab.slow(-1)
    await choose(tab)
    return id!
  }

  it('goes on after the page was loaded again, and sends only the rest', async () => {
    const id = await breakOff()
    const before = [...tab.stored]
    expect(before.length).toBeLessThan(CHUNKS)
    await tab.page.evaluate(() => window.test.start())
    const asset = await assetOf(tab)
    expect(asset.uploadId).toBe(id)
    const found = await digestsAt(asset.url, asset.chunkSize)
    expect(found.whole).toBe(sha256)
    expect(asset.digests).toEqual(found.chunks)
    // No chunk whose answer the page had is sent again.
    const after = tab.stored.slice(before.length)
    expect(after.filter((path) => before.includes(path))).toEqual([])
    const progress = await tab.page.evaluate(() => window.test.progress)
    expect(progress.map(({ phase }) => phase)).toContain('checking')
  })

  it('starts afresh when its content was changed meanwhile, and ends the upload before', async () => {
    const id = await breakOff()
    const file = await open(path, 'r+')
    await file.write(Buffer.from('changed'), 0, 7, 1000)
    await file.close()
    await utimes(path, MODIFIED, MODIFIED)
    await choose(tab)
    await tab.page.evaluate(() => window.test.start())
    const asset = await assetOf(tab)
    expect(asset.uploadId).not.toBe(id)
    const expected = await tab.page.evaluate(() => window.test.sha256())
    expect(expected).not.toBe(sha256)
    expect((await digestsAt(asset.url, CHUNK)).whole).toBe(expected)
    expect(await activeUploads(world)).toEqual([])
  })

  it('fails when it is changed while it is sent', async () => {
    const { page } = tab
    await tab.slow(SPEED)
    await choose(tab)
    await page.evaluate(() => window.test.start({ concurrency: 1 }))
    await acknowledged(tab, 10 * MiB)
    const file = await open(path, 'r+')
    await file.write(Buffer.from('changed'), 0, 7, SIZE - 1000)
    await file.close()
    await utimes(path, 1, 1)
    await tab.slow(-1)
    const outcome = await page.evaluate(() => window.test.outcome())
    expect(outcome).toMatchObject({ error: { code: 'file_changed' } })
    expect(await page.evaluate(() => window.test.unhandled)).toEqual([])
  })

  it('is refused in a second tab while the first has it, and taken once the first is closed', async () => {
    const second = await openTab(world, context)
    await choose(second)
    await choose(tab)
    await tab.page.evaluate((limitRate) => window.test.start({ limitRate }), 2 * MiB)
    await acknowledged(tab, 10 * MiB)
    await second.page.evaluate(() => window.test.start())
    const refused = await second.page.evaluate(() => window.test.outcome())
    expect(refused).toMatchObject({ error: { code: 'upload_in_progress' } })
    expect(await second.page.evaluate(() => window.test.unhandled)).toEqual([])
    const id = await tab.page.evaluate(() => window.test.upload.id)
    await tab.page.close()
    // Chromium takes its time to notice.
    await second.page.waitForFunction(
      async () => (await navigator.locks.query()).held?.length === 0,
    )
    await second.page.evaluate(() => window.test.start())
    const asset = await assetOf(second)
    expect(asset.uploadId).toBe(id)
    expect((await digestsAt(asset.url, CHUNK)).whole).toBe(sha256)
  })
})
