import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { makeFilm } from '../support/big-film.ts'
import {
  type ConsoleWorld,
  enter,
  hideOwnHls,
  openPage,
  playable,
  startConsoleWorld,
} from '../support/console-world.ts'
import { type StoreOptions, storeFile } from '../support/store-file.ts'

/** More than the second by which the time of a URL is told. */
const TICK_MS = 1100

describe.skipIf(skipsChromium)(`URLs that expired while a page is open ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  let film: Buffer
  beforeAll(async () => {
    world = await startConsoleWorld()
    const path = join(world.folder, 'film.mp4')
    await makeFilm(path, 10)
    film = await readFile(path)
    await promisify(execFile)('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x200', '-frames:v', '1'],
      join(world.folder, 'still.png'),
    ])
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page } = await openPage(world))
  })
  afterEach(() => page?.context().close())

  /** Answers in place of the server what is asked for with the first signatures it gave. */
  async function spoil(answer: (route: Route) => Promise<void>): Promise<void> {
    const first = new Map<string, string>()
    const signed = /\/(content|files)\/\w+[/?]([^/]+)/
    await page.route(signed, (route) => {
      const [, door, signature] = signed.exec(route.request().url()) as string[]
      if (!first.has(door!)) first.set(door!, signature!)
      return first.get(door!) === signature ? answer(route) : route.continue()
    })
  }
  const refuse = async (route: Route) => {
    await page.waitForTimeout(TICK_MS)
    await route.fulfill({ status: 403, body: '{}' })
  }

  async function store(name: string, options: StoreOptions = {}): Promise<string> {
    const id = await storeFile(world, join(world.folder, name), options)
    const isOver = async () => {
      const { status, hls } = await world.api.asset(id)
      return status === 'ready' && (!hls || hls.status === 'ready')
    }
    await expect.poll(isOver, { timeout: 60_000 }).toBe(true)
    return id
  }

  it('are replaced, and a film plays', async () => {
    await spoil(refuse)
    await enter(world, page, `#/assets/${await store('film.mp4')}`)
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('are replaced, and a stream plays by hls.js', async () => {
    await hideOwnHls(page)
    await spoil(refuse)
    await enter(world, page, `#/assets/${await store('film.mp4', { hls: true })}`)
    const video = page.locator('video')
    await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
    expect(await video.evaluate((element: HTMLVideoElement) => element.currentSrc)).toMatch(
      /^blob:/,
    )
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  /** The first half of the film; what becomes of the rest, once it plays, is told by `rest`. */
  function playHalf(rest: (route: Route) => Promise<void>) {
    const half = film.byteLength >> 1
    const plays = Promise.withResolvers<void>()
    const answer = async (route: Route) => {
      const [, start = '0'] = /bytes=(\d+)/.exec(route.request().headers().range ?? '') ?? []
      if (Number(start) >= half) {
        await plays.promise
        return rest(route)
      }
      const headers = {
        'content-type': 'video/mp4',
        'accept-ranges': 'bytes',
        'content-range': `bytes ${start}-${half - 1}/${film.byteLength}`,
      }
      return route.fulfill({ status: 206, headers, body: film.subarray(Number(start), half) })
    }
    /** Resolves to where it fails and where it goes on, as it comes to that. */
    const play = async () => {
      await playable(page)
      const video = page.locator('video')
      const times = await video.evaluateHandle(async (element: HTMLVideoElement) => {
        const told: number[] = []
        element.muted = true
        element.currentTime = 3
        await element.play()
        const tell = () => told.push(element.currentTime)
        element.addEventListener('error', () => {
          tell()
          element.addEventListener('playing', tell)
        })
        return told
      })
      plays.resolve()
      return times
    }
    return { answer, play }
  }

  it('are replaced in the middle of a film, which goes on where it was', async () => {
    const { answer, play } = playHalf(refuse)
    await spoil(answer)
    await enter(world, page, `#/assets/${await store('film.mp4')}`)
    const times = await play()
    await page.waitForFunction(() => document.querySelector('video')!.ended)
    const [failed, wentOn] = await times.jsonValue()
    expect(failed).toBeGreaterThanOrEqual(3)
    // Seeking lands on a tick of the film's clock, which may be microseconds earlier.
    expect(wentOn).toBeGreaterThanOrEqual(failed! - 0.001)
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('are not blamed where the server is away in the middle of a film, which goes on when it is back', async () => {
    let away = false
    // As from a proxy before it: where nothing answers at all, Chromium asks for half a minute.
    const isAway = (route: Route) => route.fulfill({ status: 502, body: '{}' })
    const { answer, play } = playHalf((route) => {
      away = true
      return isAway(route)
    })
    await page.route('**/content/**', (route) => (away ? isAway(route) : answer(route)))
    let refused = 0
    await page.route('**/v1.3/assets/*', (route) => {
      if (!away) return route.continue()
      refused += 1
      return route.abort()
    })
    await enter(world, page, `#/assets/${await store('film.mp4')}`)
    const times = await play()
    const alert = page.getByRole('alert')
    await alert.getByText('It could not be loaded.').waitFor()
    await alert.getByRole('button', { name: 'Try again' }).click()
    // Each time it is asked for three times.
    await expect.poll(() => refused).toBeGreaterThanOrEqual(6)
    await page.unrouteAll()
    await alert.getByRole('button', { name: 'Try again' }).click()
    await page.waitForFunction(() => document.querySelector('video')!.ended)
    const [failed, wentOn] = await times.jsonValue()
    expect(failed).toBeGreaterThanOrEqual(3)
    expect(wentOn).toBeGreaterThanOrEqual(failed! - 0.001)
    expect(await alert.count()).toBe(0)
  })

  it('are replaced, and a picture is seen', async () => {
    await spoil(refuse)
    await enter(world, page, `#/assets/${await store('still.png', { type: 'image' })}`)
    const width = () =>
      page
        .getByRole('img', { name: 'still.png' })
        .evaluate((img: HTMLImageElement) => img.naturalWidth)
    await expect.poll(width, { timeout: 10_000 }).toBe(320)
  })

  it('are replaced once, and then it is said what is wrong', async () => {
    const asked: string[] = []
    await page.route('**/content/**', (route) => {
      asked.push(route.request().url())
      return refuse(route)
    })
    await enter(world, page, `#/assets/${await store('still.png', { type: 'image' })}`)
    await page.getByRole('alert').getByText('This browser cannot show it.').waitFor()
    expect(new Set(asked).size).toBe(2)
  })
})

describe.skipIf(skipsChromium)(`URLs that are about to expire ${inChromium}`, () => {
  let world: ConsoleWorld
  beforeAll(async () => {
    world = await startConsoleWorld({ PARTWAY_CONTENT_URL_TTL: '5s' })
    await writeFile(join(world.folder, 'notes.txt'), 'What was said.\n')
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('are renewed wherever they are shown, so that they can be followed and copied', async () => {
    const { page } = await openPage(world)
    const id = await storeFile(world, join(world.folder, 'notes.txt'), { type: 'document' })
    await expect.poll(async () => (await world.api.asset(id)).status).toBe('ready')
    await enter(world, page, `#/assets/${id}`)
    await page.getByRole('link', { name: 'Download the document' }).waitFor()
    /** All at once, because they may be renewed at any time: to be downloaded, opened and copied. */
    const shown = () =>
      page.evaluate(() => {
        const links = [...document.querySelectorAll<HTMLAnchorElement>('a[href*="/content/"]')]
        const code = [...document.querySelectorAll('.copyable code')]
        const texts = code.map(({ textContent }) => textContent ?? '')
        const copied = texts.filter((text) => /^http[^ ]*\/content\//.test(text))
        return [...links.map(({ href }) => href), ...copied]
      })
    const before = await shown()
    expect(before).toHaveLength(3)
    const [old] = before
    await page.waitForTimeout(7000)
    expect((await fetch(old!)).status).toBe(403)
    const state = async () => {
      const urls = await shown()
      const [url] = urls
      return { urls: urls.length, kinds: new Set(urls).size, status: (await fetch(url!)).status }
    }
    await expect.poll(state).toEqual({ urls: 3, kinds: 1, status: 200 })
  })
})
