import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { makeFilm } from '../support/big-film.ts'
import {
  type ConsoleWorld,
  enter,
  openPage,
  playable,
  startConsoleWorld,
} from '../support/console-world.ts'
import { storeFile } from '../support/store-file.ts'

describe.skipIf(skipsChromium)(`assets that others change ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  beforeAll(async () => {
    world = await startConsoleWorld()
    await writeFile(join(world.folder, 'notes.txt'), 'What was said.\n')
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page } = await openPage(world))
  })
  afterEach(() => page?.context().close())

  it('are asked for a few times, however many are told', async () => {
    await enter(world, page, '#/assets')
    await page.getByText('No assets yet').waitFor()
    await page.getByRole('img', { name: /^Live/ }).waitFor()
    let asked = 0
    page.on('request', (request) => {
      if (request.url().includes('/v1.3/assets?')) asked += 1
    })
    const names = Array.from({ length: 40 }, (_, i) => `many-${i}.mp4`)
    for (const name of names) await world.api.create(CHUNK, name)
    await page.getByRole('link', { name: names.at(-1)! }).waitFor()
    await page.getByText('40 assets').waitFor()
    expect(asked).toBeLessThan(15)
  })

  it('make room for others when a whole page of them is deleted', async () => {
    const ids: string[] = []
    for (let i = 1; i <= 26; i++) ids.push((await world.api.create(CHUNK, `row-${i}.mp4`)).asset_id)
    await enter(world, page, '#/assets?name=row-')
    await page.getByText('26 assets').waitFor()
    await page.getByRole('img', { name: /^Live/ }).waitFor()
    await page.evaluate(() => {
      new MutationObserver(() => {
        if (document.querySelector('main .empty')) document.body.dataset.empty = ''
      }).observe(document.body, { childList: true, subtree: true })
    })
    const [, , ...shown] = ids
    for (const id of shown) await world.api.request('DELETE', `/assets/${id}`)
    await page.getByText('2 assets', { exact: true }).waitFor()
    expect(await page.locator('.asset-name').allInnerTexts()).toEqual(['row-2.mp4', 'row-1.mp4'])
    expect(await page.evaluate(() => 'empty' in document.body.dataset)).toBe(false)
  })

  it('have a thumbnail, or an icon where that fails, until its URL is another one', async () => {
    await makeFilm(join(world.folder, 'pictured.mp4'), 1)
    const path = join(world.folder, 'pictured.mp4')
    const id = await storeFile(world, path, { thumbnail: true })
    const thumbnail = async () => (await world.api.asset(id)).thumbnail?.status
    await expect.poll(thumbnail, { timeout: 60_000 }).toBe('ready')
    await page.route('**/files/**', (route) => route.fulfill({ status: 403, body: '{}' }))
    await enter(world, page, '#/assets?name=pictured')
    const picture = page.locator('.asset-picture')
    await page.locator('.asset-picture:has(svg):not(:has(img))').waitFor()
    await page.unroute('**/files/**')
    // A later second has another signature.
    await page.waitForTimeout(1100)
    await world.api.create(CHUNK, 'pictured-too.mp4')
    await picture.locator('img').waitFor()
  })

  it('keep what others changed while their metadata was edited', async () => {
    const id = await storeFile(world, join(world.folder, 'notes.txt'), { type: 'document' })
    const change = (method: string, values: object) =>
      world.api.request(method, `/assets/${id}/user-metadata`, { user_metadata: values })
    await change('PUT', { take: 1, project: 'ours', old: true })
    await enter(world, page, `#/assets/${id}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.locator('input:focus').waitFor()
    await change('PATCH', { project: 'theirs', note: 'new' })
    await page.getByLabel('Value 1', { exact: true }).fill('2')
    await page.getByRole('button', { name: 'Remove old' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The metadata is saved.').waitFor()
    const { user_metadata } = await world.api.asset(id)
    expect(user_metadata).toEqual({ take: 2, project: 'theirs', note: 'new' })
    await page.getByRole('definition').getByText('theirs').waitFor()
  })

  it('say why they failed in the words of the server, and nothing else', async () => {
    const { upload_id, asset_id } = await world.api.create(CHUNK, 'given-up.mp4')
    await world.api.request('DELETE', `/assets/multipart-uploads/${upload_id}`)
    await enter(world, page, `#/assets/${asset_id}`)
    const { error } = await world.api.asset(asset_id)
    expect((await page.getByRole('alert').innerText()).trim()).toBe(error!.message)
  })

  it('are asked for also when they are ready, while what plays goes on', async () => {
    await makeFilm(join(world.folder, 'film.mp4'), 10)
    const id = await storeFile(world, join(world.folder, 'film.mp4'))
    await expect.poll(async () => (await world.api.asset(id)).status).toBe('ready')
    await page.route('**/v1.3/events', (route) => route.fulfill({ status: 404, body: '{}' }))
    await enter(world, page, `#/assets/${id}`)
    await playable(page)
    const video = page.locator('video')
    const begun = await video.evaluate(async (element: HTMLVideoElement) => {
      element.muted = true
      await element.play()
      element.addEventListener('emptied', () => element.setAttribute('data-emptied', ''))
      return { time: element.currentTime, source: element.currentSrc }
    })
    await world.api.request('PATCH', `/assets/${id}/user-metadata`, {
      user_metadata: { project: 'Nachtzug' },
    })
    await page.getByText('Nachtzug').waitFor()
    await page.waitForFunction(
      (time) => document.querySelector('video')!.currentTime > time + 0.5,
      begun.time,
    )
    expect(await video.evaluate((element: HTMLVideoElement) => element.currentSrc)).toBe(
      begun.source,
    )
    expect(await video.getAttribute('data-emptied')).toBeNull()
    await world.api.request('DELETE', `/assets/${id}`)
    await page.getByText('There is no such asset').waitFor()
  })
})
