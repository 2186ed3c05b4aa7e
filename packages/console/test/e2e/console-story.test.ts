import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import { writeBigFilm } from '../support/big-film.ts'
import { type UploadPage, uploadPage } from '../support/console-page.ts'
import {
  type ConsoleWorld,
  enter,
  type Misdeeds,
  openPage,
  playable,
  startConsoleWorld,
} from '../support/console-world.ts'

const SIZE = 300 * MiB
/** Slow enough for what happens in the middle. */
const SLOW = 20 * MiB
const NAME = 'Night train.mp4'

describe.skipIf(skipsChromium)(`a film of 300 MiB ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  let misdeeds: Misdeeds
  let upload: UploadPage
  let sum: string
  let path: string
  beforeAll(async () => {
    world = await startConsoleWorld()
    path = join(world.folder, NAME)
    sum = await writeBigFilm(path, SIZE)
    ;({ page, misdeeds } = await openPage(world))
    await enter(world, page)
    upload = await uploadPage(page)
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  const arrived = async () => (await world.api.uploads()).data[0]!.uploaded_size

  it('takes the key out of the address', () => {
    expect(page.url()).toBe(`${world.origin}/`)
  })

  it('is dropped and sent, and stands still while it is paused', async () => {
    await upload.drop(path)
    await upload.slow(SLOW)
    await page.getByLabel('Make an HLS stream').check()
    await upload.start()
    await upload.percent(NAME, 10)
    await page.getByRole('button', { name: `Pause ${NAME}` }).click()
    await upload.row(NAME).getByText('Paused').waitFor()
    const before = await arrived()
    await page.waitForTimeout(1500)
    expect(await arrived()).toBe(before)
    expect(before).toBeLessThan(SIZE)
  })

  it('goes on after the pause, and asks before the page is left', async () => {
    await page.getByRole('button', { name: `Resume ${NAME}` }).click()
    await upload.percent(NAME, 35)
    await expect.poll(arrived).toBeGreaterThan(SIZE / 5)
    const asked = page.waitForEvent('dialog')
    const reloaded = page.reload()
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.accept()
    await reloaded
  })

  it('is offered after the reload, and goes on where it stopped', async () => {
    const card = page.getByRole('region', { name: /Go on with 1 file/ })
    await card.getByText(NAME).waitFor()
    const before = await arrived()
    expect(before).toBeGreaterThan(SIZE / 5)
    /** Those that lag behind at the end may be sent twice. */
    const put = new Set<number>()
    page.on('request', (request) => {
      const chunk = /\/chunks\/\w+\/(\d+)/.exec(request.url())
      if (request.method() === 'PUT' && chunk) put.add(Number(chunk[1]))
    })
    await upload.slow(-1)
    await card.locator('input[type=file]').setInputFiles(path)
    await upload.stored(NAME)
    expect(put.size).toBeLessThanOrEqual(Math.ceil((SIZE - before) / (5 * MiB)))
    await expect.poll(() => card.isVisible()).toBe(false)
  })

  it('is the same on the server, byte by byte', async () => {
    const [asset] = (await world.api.assets()).data
    expect(asset).toMatchObject({ filename: NAME, size: SIZE })
    expect(await fetchSha256(asset!.url!)).toBe(sum)
  })

  it('plays', async () => {
    const { _id } = (await world.api.assets()).data[0]!
    await expect
      .poll(async () => (await world.api.asset(_id)).hls?.status, { timeout: 60_000 })
      .toBe('ready')
    await upload.row(NAME).getByRole('link', { name: 'Open' }).click()
    await page.getByRole('heading', { level: 1, name: NAME }).waitFor()
    const video = page.locator('video')
    await playable(page)
    await video.evaluate(async (element: HTMLVideoElement) => {
      element.muted = true
      await element.play()
    })
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 1)
    // By the browser itself where it can, and by Media Source Extensions elsewhere.
    const source = await video.evaluate((element: HTMLVideoElement) => element.currentSrc)
    expect(source).toMatch(/^blob:|\.m3u8$/)
  })

  it('has metadata that is edited in place', async () => {
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Key 1').fill('take')
    await page.getByLabel('Kind of value 1').selectOption('number')
    await page.getByLabel('Value 1', { exact: true }).fill('three')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('“three” is not a number.').waitFor()
    await page.getByLabel('Value 1', { exact: true }).fill('3')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The metadata is saved.').waitFor()
    const [asset] = (await world.api.assets()).data
    expect(asset!.user_metadata).toEqual({ take: 3 })
  })

  it('is found by a part of its name, and by its type', async () => {
    await page.getByRole('link', { name: 'Assets', exact: true }).first().click()
    const card = page.getByRole('link', { name: new RegExp(NAME) })
    await card.waitFor()
    await page.getByLabel('Filter by name').fill('day')
    await page.getByText('Nothing matches').waitFor()
    await page.getByLabel('Filter by name').fill('TRAIN')
    await card.waitFor()
    await page.getByRole('radio', { name: 'Audio' }).check({ force: true })
    await page.getByText('Nothing matches').waitFor()
    await page.getByRole('radio', { name: 'Video' }).check({ force: true })
    await card.waitFor()
    expect(page.url()).toContain('#/assets?name=TRAIN&type=video')
  })

  it('is deleted, once that is confirmed', async () => {
    await page.getByRole('link', { name: new RegExp(NAME) }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog', { name: `Delete ${NAME}?` })
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    expect((await world.api.assets()).data).toHaveLength(1)
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No assets yet').waitFor()
    expect((await world.api.assets()).data).toEqual([])
  })

  it('asked no other host for anything, and kept to the policy of the page', () => {
    expect(misdeeds.foreign).toEqual([])
    expect(misdeeds.violations).toEqual([])
    expect(misdeeds.errors).toEqual([])
  })
})
