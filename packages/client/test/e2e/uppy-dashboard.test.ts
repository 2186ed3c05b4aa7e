import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { TEST_KEY } from '../../../server/test/support/program.ts'
import { CHUNK, MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256, writeRandomFile } from '../../../server/test/support/program-files.ts'
import { inChromium, skipsChromium } from '../support/browser-chromium.ts'
import { activeUploads, startWorld, type World } from '../support/browser-world.ts'

const SIZE = 30 * MiB + 999
/** Slow enough for a click in the middle. */
const SLOW = 3 * MiB

describe.skipIf(skipsChromium)(`the Dashboard of Uppy with our plugin ${inChromium}`, () => {
  let world: World
  let page: Page
  const sums: Record<string, string> = {}
  beforeAll(async () => {
    world = await startWorld()
    for (const name of ['one.mp4', 'two.mp4']) {
      sums[name] = await writeRandomFile(join(world.folder, name), SIZE)
    }
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    page = await world.browser.newPage()
  })
  afterEach(async () => {
    await page?.context().close()
    // What a test that failed left behind is not the next one's concern.
    for (const { id } of await activeUploads(world)) {
      await world.api.request('DELETE', `/assets/multipart-uploads/${id}`)
    }
  })

  async function open(limitRate?: number): Promise<void> {
    await page.goto(`${world.origin}/uppy`)
    await page.waitForFunction(() => 'begin' in window)
    const limit = limitRate === undefined ? {} : { limitRate }
    const options = { server: world.server.url, apiKey: TEST_KEY, ...limit }
    await page.evaluate((given) => window.begin(given), options)
    const files = Object.keys(sums).map((name) => join(world.folder, name))
    await page.locator('.uppy-Dashboard-input').first().setInputFiles(files)
    await page.locator('.uppy-Dashboard-Item').nth(1).waitFor()
  }

  /** Without waiting until nothing moves: progress bars do. */
  const press = (button: Locator) => button.dispatchEvent('click')
  const start = () => page.locator('.uppy-StatusBar-actionBtn--upload').click()
  const complete = () => page.locator('.uppy-StatusBar.is-complete').waitFor({ timeout: 60_000 })
  const all = (title: string) => page.locator(`.uppy-StatusBar-actionCircleBtn[title="${title}"]`)
  const show = (name: string) =>
    process.env.SCREENSHOTS &&
    page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) })

  const files = () =>
    page.evaluate(() =>
      window.uppy.getFiles().map(({ name, progress, response, error, isPaused }) => ({
        ...{ name, error, isPaused },
        sent: progress.bytesUploaded || 0,
        done: progress.uploadComplete === true,
        url: response?.uploadURL,
        body: response?.body as unknown as { asset_id: string; upload_id: string } | undefined,
      })),
    )
  const under = (bytes: number) =>
    page.waitForFunction(
      (least) =>
        window.uppy.getFiles().every((file) => Number(file.progress.bytesUploaded) > least),
      bytes,
      { polling: 50 },
    )

  const activeNames = async () => (await activeUploads(world)).map(({ filename }) => filename)

  async function expectStored(name: string): Promise<void> {
    const file = (await files()).find((each) => each.name === name)!
    expect(file).toMatchObject({ done: true, sent: SIZE })
    expect(await fetchSha256(file.url!)).toBe(sums[name])
    expect(await world.api.asset(file.body!.asset_id)).toMatchObject({ filename: name, size: SIZE })
  }

  it('uploads two files', async () => {
    await open()
    await show('chosen')
    await start()
    await complete()
    await show('complete')
    for (const name of Object.keys(sums)) await expectStored(name)
  })

  it('pauses and resumes both', async () => {
    await open(SLOW)
    await start()
    await under(CHUNK)
    await show('uploading')
    await press(all('Pause'))
    await page.waitForTimeout(1000)
    const before = await files()
    await show('paused')
    await page.waitForTimeout(1000)
    expect(before.map(({ isPaused }) => isPaused)).toEqual([true, true])
    expect(await files()).toEqual(before)
    await press(all('Resume'))
    await complete()
    for (const name of Object.keys(sums)) await expectStored(name)
  })

  it('pauses one file alone', async () => {
    await open(SLOW)
    await start()
    await under(CHUNK)
    const button = page.locator('.uppy-Dashboard-Item-progressIndicator').first()
    await press(button)
    await page.waitForFunction(() => window.uppy.getFiles()[1]!.progress.uploadComplete, null, {
      timeout: 60_000,
    })
    expect((await files())[0]).toMatchObject({ done: false, isPaused: true })
    await press(button)
    await complete()
    for (const name of Object.keys(sums)) await expectStored(name)
  })

  it('ends the upload of a file that is taken out, and finishes the other', async () => {
    await open(SLOW)
    await start()
    await under(CHUNK)
    expect((await activeNames()).toSorted()).toEqual(['one.mp4', 'two.mp4'])
    await press(page.locator('.uppy-Dashboard-Item-action--remove').first())
    await expect.poll(activeNames, { timeout: 5000 }).not.toContain('one.mp4')
    await complete()
    expect((await files()).map(({ name }) => name)).toEqual(['two.mp4'])
    await expectStored('two.mp4')
  })

  it('ends all uploads when all is cancelled', async () => {
    await open(SLOW)
    await start()
    await under(CHUNK)
    await press(all('Cancel'))
    await expect.poll(activeNames, { timeout: 5000 }).toEqual([])
    expect(await files()).toEqual([])
  })

  it('says what failed, and goes on with it when it is tried again', async () => {
    await open()
    const taken = new Set<string>()
    page.on('response', (response) => {
      const request = response.request()
      if (request.method() === 'PUT' && response.ok()) taken.add(new URL(request.url()).pathname)
    })
    const reports = /\/multipart-uploads\/[0-9a-f]{24}$/
    await page.route(reports, async (route) => {
      if (route.request().method() !== 'POST') return route.fallback()
      const headers = { 'access-control-allow-origin': world.origin }
      // Not repeated, as 500 would be for a minute.
      await route.fulfill({ status: 418, headers, body: 'out of order' })
    })
    await start()
    await page.locator('.uppy-StatusBar-actionBtn--retry').waitFor({ timeout: 60_000 })
    const failed = async () => (await files()).every(({ error }) => error)
    await expect.poll(failed, { timeout: 60_000 }).toBe(true)
    await show('failed')
    const before = [...taken]
    expect(before.length).toBeGreaterThan(0)
    const active = (await activeUploads(world)).map(({ id }) => id)
    await page.unroute(reports)
    taken.clear()
    await page.locator('.uppy-StatusBar-actionBtn--retry').click()
    await complete()
    expect(before.filter((path) => taken.has(path))).toEqual([])
    for (const name of Object.keys(sums)) await expectStored(name)
    const finished = (await files()).map(({ body }) => body!.upload_id)
    expect(finished.toSorted()).toEqual(active.toSorted())
  })
})
