import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

export interface Played {
  /** Seconds. */
  currentTime: number
  duration: number
  /** Pixels of the picture as shown; 0 when there is only sound. */
  width: number
  height: number
  /** How bright the picture is, 0 to 255, and by how much that varies. */
  brightness: number
  contrast: number
}

export interface PlayerPage extends AsyncDisposable {
  /** What the server has to let in. */
  origin: string
  /**
   * Plays an HLS stream in Chromium through hls.js until the time has passed `until` seconds.
   *
   * @param screenshot where a picture of the page is saved
   * @throws Error with what hls.js or the video element complained about
   */
  play(manifestUrl: string, until: number, screenshot: string): Promise<Played>
}

/** The browser to play in; `undefined` when there is none. */
export const CHROMIUM = findOnPath('chromium')
const ARGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  '--autoplay-policy=no-user-gesture-required',
]
const PAGE = '<!doctype html><video muted playsinline></video><script src="/hls.js"></script>'
const SCRIPT = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')

/** A page on a server of its own, so that whatever it plays is from another origin. */
export async function openPlayerPage(): Promise<PlayerPage> {
  const server = createServer((request, response) => {
    const script = request.url === '/hls.js'
    response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' })
    response.end(script ? readFileSync(SCRIPT) : PAGE)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const browser = await chromium.launch({ executablePath: CHROMIUM ?? 'chromium', args: ARGS })
  return {
    origin,
    async play(manifestUrl, until, screenshot) {
      const page = await browser.newPage()
      try {
        await page.goto(origin)
        const played = await page.evaluate(playInPage, { manifestUrl, until })
        await page.screenshot({ path: screenshot })
        return played
      } finally {
        await page.close()
      }
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface HlsPlayer {
  on(event: string, heard: (event: string, data: { fatal: boolean; details: string }) => void): void
  loadSource(url: string): void
  attachMedia(video: HTMLVideoElement): void
}

function playInPage({ manifestUrl, until }: { manifestUrl: string; until: number }) {
  const video = document.querySelector('video')!
  const { Hls } = window as unknown as { Hls: new () => HlsPlayer }

  function look(): Played {
    const { currentTime, duration, videoWidth: width, videoHeight: height } = video
    const played = { currentTime, duration, width, height, brightness: 0, contrast: 0 }
    if (width === 0) return played
    const canvas = Object.assign(document.createElement('canvas'), { width, height })
    const context = canvas.getContext('2d')!
    context.drawImage(video, 0, 0)
    const { data } = context.getImageData(0, 0, width, height)
    const greens = Array.from({ length: width * height }, (_, i) => data[4 * i + 1]!)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const brightness = mean(greens)
    const contrast = Math.sqrt(mean(greens.map((green) => (green - brightness) ** 2)))
    return { ...played, brightness, contrast }
  }

  return new Promise<Played>((resolve, reject) => {
    const hls = new Hls()
    const state = () => `at ${video.currentTime} of ${video.duration}, ready ${video.readyState}`
    setTimeout(() => reject(new Error(`did not play: ${state()}`)), 30_000)
    hls.on('hlsError', (_, { fatal, details }) => {
      if (fatal) reject(new Error(`hls.js: ${details}`))
    })
    video.addEventListener('error', () => reject(new Error(`video: ${video.error?.message}`)))
    video.addEventListener('timeupdate', () => {
      if (video.currentTime > until) resolve(look())
    })
    hls.loadSource(manifestUrl)
    hls.attachMedia(video)
    void video.play()
  })
}

function findOnPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}
