import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { runAws, runDoctor } from '../../../server/test/support/doctor.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import {
  makeBucket,
  s3Client,
  s3Endpoint,
  s3Environment,
  s3Missing,
  s3Url,
} from '../../../server/test/support/s3.ts'
import { writeBigFilm } from '../support/big-film.ts'
import { uploadPage } from '../support/console-page.ts'
import {
  type ConsoleWorld,
  enter,
  type Misdeeds,
  openPage,
  playable,
  startConsoleWorld,
} from '../support/console-world.ts'

const NAME = 'Night train.mp4'
/** Three chunks. */
const SIZE = 12 * MiB

describe.skipIf(skipsChromium || s3Missing)(`a film in Ceph ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  let misdeeds: Misdeeds
  beforeAll(async () => {
    const store = { ...s3Environment(), PARTWAY_STORE_URL: s3Url(await makeBucket()) }
    world = await startConsoleWorld(store)
    const env = { ...store, PARTWAY_DATA: world.server.data, PARTWAY_PUBLIC_URL: world.origin }
    const { check } = await runDoctor(env)
    await runAws(s3Client(), check(`uploads from ${world.origin}`).remedy!)
    ;({ page, misdeeds } = await openPage(world))
    await enter(world, page)
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  const film = async () => (await world.api.assets()).data[0]!

  it('is sent straight to the bucket, and is the same there, byte by byte', async () => {
    const path = join(world.folder, NAME)
    const sum = await writeBigFilm(path, SIZE)
    const put = new Set<string>()
    page.on('request', (request) => {
      const { origin, searchParams } = new URL(request.url())
      if (request.method() === 'PUT') put.add(`${origin} ${searchParams.get('partNumber')}`)
    })
    const upload = await uploadPage(page)
    await upload.choose(path)
    await page.getByLabel('Make a thumbnail').check()
    await page.getByLabel('Make an HLS stream').check()
    await upload.start()
    await upload.stored(NAME)
    expect([...put].toSorted()).toEqual([1, 2, 3].map((part) => `${s3Endpoint()} ${part}`))
    const asset = await film()
    expect(asset).toMatchObject({ filename: NAME, size: SIZE })
    expect(await fetchSha256(asset.url!)).toBe(sum)
  })

  it('has a thumbnail in the list', async () => {
    await page.goto(`${world.origin}/#/assets`)
    const width = () =>
      page
        .getByRole('link', { name: new RegExp(NAME) })
        .locator('img')
        .evaluate((img: HTMLImageElement) => img.naturalWidth)
    await expect.poll(width, { timeout: 30_000 }).toBeGreaterThan(0)
  })

  async function play(): Promise<string> {
    await page.getByRole('heading', { level: 1, name: NAME }).waitFor()
    await playable(page)
    const video = page.locator('video')
    await video.evaluate(async (element: HTMLVideoElement) => {
      element.muted = true
      await element.play()
    })
    await page.waitForFunction(() => document.querySelector('video')!.currentTime > 1)
    return video.evaluate((element: HTMLVideoElement) => element.currentSrc)
  }

  it('plays as a stream, segment by segment from the bucket', async () => {
    const { _id } = await film()
    await expect
      .poll(async () => (await world.api.asset(_id)).hls?.status, { timeout: 60_000 })
      .toBe('ready')
    await page.goto(`${world.origin}/#/assets/${_id}`)
    // By the browser itself where it can, as Chromium can of late.
    expect(await play()).toMatch(/\.m3u8|^blob:/)
    expect(misdeeds.foreign.filter((url) => /\.m4s\?/.test(url))).not.toEqual([])
  })

  it('plays where the browser has no streams of its own', async () => {
    await page.addInitScript(() => {
      HTMLMediaElement.prototype.canPlayType = () => ''
    })
    misdeeds.foreign.length = 0
    await page.reload()
    expect(await play()).toMatch(/^blob:/)
    expect(misdeeds.foreign.filter((url) => /\.m4s\?/.test(url))).not.toEqual([])
  })

  it('kept the page to its policy, and to the server and the bucket', () => {
    expect([...new Set(misdeeds.foreign.map((url) => new URL(url).origin))]).toEqual([s3Endpoint()])
    expect(misdeeds.violations).toEqual([])
    expect(misdeeds.errors).toEqual([])
  })
})
