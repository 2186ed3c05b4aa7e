import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

export interface Played {
  /** Seconds. */
  currentTime: number
  duration: number
  /** Pixels of the picture as shown; 0 when there is only sound. */
  width: number
  height: number
}

const CHROMIUM = '/usr/bin/chromium'
const ARGS = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  '--autoplay-policy=no-user-gesture-required',
]

const PAGE =
  '<!doctype html><video muted playsinline></video><script src="/__play/hls.js"></script>'

/**
 * Plays an HLS stream in Chromium through hls.js until the time has passed 0.5 seconds, or
 * `until`.
 *
 * The page pretends to come from where the stream does, so no CORS is needed.
 *
 * @throws Error with what hls.js or the video element complained about
 */
export async function playHls(manifestUrl: string, until = 0.5): Promise<Played> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  try {
    const page = await browser.newPage()
    const origin = new URL(manifestUrl).origin
    const script = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')
    await page.route(`${origin}/__play/**`, (route) =>
      route.request().url().endsWith('.js')
        ? route.fulfill({ contentType: 'text/javascript', body: readFileSync(script, 'utf8') })
        : route.fulfill({ contentType: 'text/html', body: PAGE }),
    )
    await page.goto(`${origin}/__play/`)
    return await page.evaluate(play, { manifestUrl, until })
  } finally {
    await browser.close()
  }
}

interface HlsPlayer {
  on(event: string, heard: (event: string, data: { fatal: boolean; details: string }) => void): void
  loadSource(url: string): void
  attachMedia(video: HTMLVideoElement): void
}

/** Runs in the page. */
function play({ manifestUrl, until }: { manifestUrl: string; until: number }): Promise<Played> {
  const video = document.querySelector('video')!
  const { Hls } = window as unknown as { Hls: new () => HlsPlayer }
  return new Promise((resolve, reject) => {
    const hls = new Hls()
    const state = () => `at ${video.currentTime} of ${video.duration}, ready ${video.readyState}`
    const timer = setTimeout(() => reject(new Error(`did not play: ${state()}`)), 20_000)
    hls.on('hlsError', (_, { fatal, details }) => {
      if (fatal) reject(new Error(`hls.js: ${details}`))
    })
    video.addEventListener('error', () => reject(new Error(`video: ${video.error?.message}`)))
    video.addEventListener('timeupdate', () => {
      if (video.currentTime <= until) return
      clearTimeout(timer)
      const { currentTime, duration, videoWidth, videoHeight } = video
      resolve({ currentTime, duration, width: videoWidth, height: videoHeight })
    })
    hls.loadSource(manifestUrl)
    hls.attachMedia(video)
    void video.play()
  })
}
