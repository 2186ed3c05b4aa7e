import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { writeRandomFile } from '../../../server/test/support/program-files.ts'
import { makeFilm } from '../support/big-film.ts'
import {
  type ConsoleWorld,
  enter,
  hideOwnHls,
  type Misdeeds,
  openPage,
  playable,
  startConsoleWorld,
} from '../support/console-world.ts'
import { type StoreOptions, storeFile } from '../support/store-file.ts'

describe.skipIf(skipsChromium)(`assets in the console ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  let misdeeds: Misdeeds
  beforeAll(async () => {
    world = await startConsoleWorld()
    await makeFilm(join(world.folder, 'film.mp4'))
    await writeRandomFile(join(world.folder, 'noise.wav'), 500_000)
    await writeFile(join(world.folder, 'notes.txt'), 'What was said.\n')
    await writeFile(join(world.folder, 'broken.mp4'), 'This is no film at all.\n')
    await promisify(execFile)('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x200', '-frames:v', '1'],
      join(world.folder, 'still.png'),
    ])
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page, misdeeds } = await openPage(world))
  })
  afterEach(async () => {
    expect(misdeeds).toEqual({ foreign: [], violations: [], errors: [] })
    await page?.context().close()
  })

  /** To the asset of a file, once all that was asked for is made. */
  async function show(name: string, options: StoreOptions = {}): Promise<string> {
    const id = await storeFile(world, join(world.folder, name), options)
    const isOver = async () => {
      const { status, hls } = await world.api.asset(id)
      return status !== 'processing' && (!hls || hls.status === 'ready')
    }
    await expect.poll(isOver, { timeout: 60_000 }).toBe(true)
    await enter(world, page, `#/assets/${id}`)
    await page.getByRole('heading', { level: 1, name }).waitFor()
    return id
  }

  const play = async (kind: 'video' | 'audio') => {
    const player = page.locator(kind)
    await playable(page, kind)
    await player.evaluate(async (element: HTMLMediaElement) => {
      element.muted = true
      await element.play()
    })
    await page.waitForFunction((tag) => document.querySelector(tag)!.currentTime > 0.5, kind)
    return player.evaluate((element: HTMLMediaElement) => element.currentSrc)
  }

  it('are played by hls.js where the browser has no HLS of its own', async () => {
    await hideOwnHls(page)
    await show('film.mp4', { hls: true })
    expect(await play('video')).toMatch(/^blob:/)
  })

  it('are played by range where there is no stream', async () => {
    await show('film.mp4')
    const answers: number[] = []
    page.on('response', (response) => {
      if (response.url().includes('/content/')) answers.push(response.status())
    })
    expect(await play('video')).toContain('/content/')
    await page.reload()
    await page.locator('video').waitFor()
    await expect.poll(() => answers).toContain(206)
  })

  it('that are sounds are heard', async () => {
    await show('noise.wav', { type: 'audio' })
    expect(await play('audio')).toContain('/content/')
  })

  it('that are pictures are seen', async () => {
    await show('still.png', { type: 'image' })
    const width = () =>
      page
        .getByRole('img', { name: 'still.png' })
        .evaluate((img: HTMLImageElement) => img.naturalWidth)
    await expect.poll(width).toBe(320)
  })

  it('that are documents can be downloaded, as they came', async () => {
    await show('notes.txt', { type: 'document' })
    const loading = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download the document' }).click()
    const download = await loading
    expect(download.suggestedFilename()).toBe('notes.txt')
    const chunks = await (await download.createReadStream()).toArray()
    expect(Buffer.concat(chunks).toString()).toBe('What was said.\n')
  })

  it('that failed say why', async () => {
    const id = await show('broken.mp4')
    const { error } = await world.api.asset(id)
    await page.getByRole('alert').getByText(error!.message).waitFor()
    await page.getByText('There is nothing to play.').waitFor()
  })

  it('have a URL that is copied', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await show('still.png', { type: 'image' })
    await page.getByRole('button', { name: 'Copy the URL' }).click()
    await page.getByText('Copied.').waitFor()
    const url = await page.evaluate(() => navigator.clipboard.readText())
    expect((await fetch(url)).headers.get('content-type')).toBe('image/png')
  })
})
