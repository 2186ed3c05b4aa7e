import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHUNK, MiB } from '../../../server/test/support/program-api.ts'
import { inChromium, skipsChromium } from '../support/browser-chromium.ts'
import {
  acknowledged,
  activeUploads,
  assetOf,
  digestsAt,
  openTab,
  startWorld,
  type World,
} from '../support/browser-world.ts'

/** Seldom: Playwright takes a second to hear of a chunk. */
const LARGE = 60 * MiB + 12_345
const SIZE = 30 * MiB + 12_345
const SPEED = 25 * MiB
const CHUNKS = Math.ceil(SIZE / CHUNK)

describe.skipIf(skipsChromium)(`an upload from a page ${inChromium}`, () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** A tab of its own profile, with a file made. */
  async function openPage(size = SIZE) {
    const context = await world.browser.newContext()
    const tab = await openTab(world, context)
    await tab.page.evaluate((bytes) => window.test.makeFile(bytes), size)
    return {
      ...tab,
      context,
      async [Symbol.asyncDispose]() {
        expect(await tab.page.evaluate(() => window.test.unhandled)).toEqual([])
        await context.close()
      },
    }
  }

  it('arrives byte for byte, and its digests are those of what the server has', async () => {
    await using tab = await openPage(LARGE)
    const { page } = tab
    await page.evaluate(() => window.test.start())
    const asset = await assetOf(tab)
    const { whole, chunks } = await digestsAt(asset.url, asset.chunkSize)
    expect(whole).toBe(await page.evaluate(() => window.test.sha256()))
    expect(asset.digests).toEqual(chunks)
    expect(asset).toMatchObject({ size: LARGE, chunkSize: CHUNK })
    // Those that lag behind at the end may be sent twice.
    expect(new Set(tab.stored).size).toBe(Math.ceil(LARGE / CHUNK))
  })

  it('tells how far it is within a chunk, and never goes back', async () => {
    await using tab = await openPage()
    const { page } = tab
    await tab.slow(SPEED)
    await page.evaluate(() => window.test.start())
    await assetOf(tab)
    const progress = await page.evaluate(() => window.test.progress)
    const sent = progress.map((now) => now.sent)
    expect(sent).toEqual(sent.toSorted((a, b) => a - b))
    const confirmed = progress.map((now) => now.acknowledged)
    expect(confirmed).toEqual(confirmed.toSorted((a, b) => a - b))
    expect(sent.some((bytes) => bytes < SIZE && bytes % CHUNK !== 0)).toBe(true)
    expect(progress.some(({ rate, secondsLeft }) => rate > 0 && secondsLeft! > 0)).toBe(true)
    expect(progress.at(-1)).toMatchObject({ phase: 'done', sent: SIZE, acknowledged: SIZE })
  })

  it('sends nothing while it is paused, and the rest afterwards', async () => {
    await using tab = await openPage()
    const { page } = tab
    await tab.slow(SPEED)
    await page.evaluate(() => window.test.start())
    await page.evaluate(async (bytes) => {
      await window.test.acknowledged(bytes)
      await window.test.upload.pause()
    }, 10 * MiB)
    expect(await page.evaluate(() => window.test.upload.progress.phase)).toBe('paused')
    const begun: string[] = []
    page.on('request', (request) => begun.push(request.url()))
    const before = [...tab.stored]
    await page.waitForTimeout(500)
    expect(begun).toEqual([])
    await tab.slow(-1)
    await page.evaluate(() => window.test.upload.resume())
    const asset = await assetOf(tab)
    const sha256 = await page.evaluate(() => window.test.sha256())
    expect((await digestsAt(asset.url, CHUNK)).whole).toBe(sha256)
    expect(before.length).toBeLessThan(CHUNKS)
    const after = tab.stored.slice(before.length)
    expect(after.filter((path) => before.includes(path))).toEqual([])
  })

  it('goes on when it is resumed before the pause has come into effect', async () => {
    await using tab = await openPage()
    const { page } = tab
    await tab.slow(SPEED)
    await page.evaluate(() => window.test.start())
    await page.evaluate(async (bytes) => {
      await window.test.acknowledged(bytes)
      const paused = window.test.upload.pause()
      window.test.upload.resume()
      await paused
    }, 10 * MiB)
    const asset = await assetOf(tab)
    const sha256 = await page.evaluate(() => window.test.sha256())
    expect((await digestsAt(asset.url, CHUNK)).whole).toBe(sha256)
  })

  it.each(['running', 'paused'] as const)(
    'leaves nothing on the server when it is aborted while %s',
    async (state) => {
      await using tab = await openPage()
      const { page } = tab
      await tab.slow(SPEED)
      await page.evaluate(() => window.test.start())
      await page.evaluate(
        async ([first, bytes]) => {
          await window.test.acknowledged(bytes)
          if (first === 'paused') await window.test.upload.pause()
          await window.test.upload.abort()
        },
        [state, 10 * MiB] as const,
      )
      const outcome = await page.evaluate(() => window.test.outcome())
      expect(outcome).toMatchObject({ error: { code: 'aborted' } })
      expect(await activeUploads(world)).toEqual([])
      await expect.poll(() => world.store.uploads(), { timeout: 10_000 }).toEqual([])
      // And nothing that the next upload of the file would look for.
      const id = await page.evaluate(() => window.test.upload.id)
      await tab.slow(-1)
      await page.evaluate(() => window.test.start())
      await assetOf(tab)
      expect(await page.evaluate(() => window.test.upload.id)).not.toBe(id)
    },
  )

  it('waits while the page is offline, and goes on when it is back', async () => {
    await using tab = await openPage(LARGE)
    const { page } = tab
    await tab.slow(SPEED)
    await page.evaluate(() => window.test.start({ concurrency: 2 }))
    await acknowledged(tab, 5 * MiB)
    await tab.offline()
    await expect.poll(() => page.evaluate(() => fetch('/').catch(() => 'none'))).toBe('none')
    const sent = tab.stored.length
    await page.waitForTimeout(2000)
    expect(tab.stored).toHaveLength(sent)
    expect(await page.evaluate(() => window.test.upload.progress.phase)).toBe('sending')
    await tab.slow(-1)
    const asset = await assetOf(tab)
    const sha256 = await page.evaluate(() => window.test.sha256())
    expect((await digestsAt(asset.url, CHUNK)).whole).toBe(sha256)
  })

  it('works in a page that may not keep anything', async () => {
    await using tab = await openPage(6 * MiB)
    const { page } = tab
    await page.evaluate(() => {
      indexedDB.open = () => {
        throw new DOMException(
          'The user denied permission to access the database.',
          'SecurityError',
        )
      }
    })
    await page.evaluate(() => window.test.start())
    expect((await assetOf(tab)).size).toBe(6 * MiB)
  })
})
