import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { runProgram } from '../../../server/test/support/program.ts'
import { CHUNK, proofOf, putChunk } from '../../../server/test/support/program-api.ts'
import { randomVideo } from '../../../server/test/support/program-files.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

describe.skipIf(skipsChromium)(`what others do, in the console ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  beforeAll(async () => {
    world = await startConsoleWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page } = await openPage(world))
  })
  afterEach(() => page?.context().close())

  async function follow(filename: string): Promise<void> {
    const bytes = randomVideo(2 * CHUNK)
    const { upload_id, asset_id, upload_urls } = await world.api.create(bytes.byteLength, filename)
    const row = page.getByRole('listitem').filter({ hasText: filename })
    await row.getByText('0 of 2 chunks').waitFor()
    await row.getByRole('link', { name: filename }).click()
    await page.getByText('2 pending').waitFor()
    for (const [i, { url }] of upload_urls.entries()) {
      const chunk = bytes.subarray(i * CHUNK, (i + 1) * CHUNK)
      const { etag } = await putChunk(url, chunk)
      await world.api.report(upload_id, [proofOf(i + 1, etag!, chunk)])
      await page.getByText(`${i + 1} completed`).waitFor()
    }
    await page.getByRole('link', { name: 'Open the asset' }).click()
    await page.getByRole('heading', { level: 1, name: filename }).waitFor()
    await world.api.request('DELETE', `/assets/${asset_id}`)
  }

  it('is shown as the server tells it', async () => {
    await enter(world, page, '#/uploads')
    await page.getByText('Nothing under way').waitFor()
    const told = (await fetch(`${world.origin}/v1.3/events`)).status !== 404
    if (told) await page.getByRole('img', { name: /^Live/ }).waitFor()
    await follow('told.mp4')
  })

  it('is asked for where the server does not tell', async () => {
    await page.route('**/v1.3/events', (route) => route.fulfill({ status: 404, body: '{}' }))
    await enter(world, page, '#/uploads')
    await page.getByRole('img', { name: /^Asking the server/ }).waitFor()
    await follow('asked.mp4')
  })

  it('is not asked for while nobody looks, and is caught up with afterwards', async () => {
    await page.addInitScript(() => {
      Object.defineProperty(document, 'visibilityState', {
        get: () => (document.documentElement.hasAttribute('data-hidden') ? 'hidden' : 'visible'),
      })
    })
    await enter(world, page, '#/uploads')
    await page.getByText('Nothing under way').waitFor()
    const look = (hidden: boolean) =>
      page.evaluate((now) => {
        document.documentElement.toggleAttribute('data-hidden', now)
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await look(true)
    await page.waitForTimeout(500)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    const { upload_id: id } = await world.api.create(CHUNK, 'meanwhile.mp4')
    await page.waitForTimeout(4000)
    expect(asked).toEqual([])
    expect(await page.getByText('meanwhile.mp4').count()).toBe(0)
    await look(false)
    await page.getByText('meanwhile.mp4').waitFor()
    await world.api.request('DELETE', `/assets/multipart-uploads/${id}`)
    await page.getByText('failed', { exact: true }).waitFor()
  })

  it('ends the session where a key is revoked, also in a view that asks for nothing', async () => {
    const keys = (...args: string[]) => runProgram(['keys', ...args, '--data', world.server.data])
    const made = JSON.parse((await keys('create', '--account', 'studio', '--json')).stdout)
    await page.goto(`${world.origin}/#key=${made.key}`)
    await page.getByRole('img', { name: /^Live/ }).waitFor()
    await keys('revoke', made.id)
    await page.getByText('The server no longer takes this key').waitFor()
  })
})
