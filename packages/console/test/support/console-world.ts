import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../../../client/test/support/browser-chromium.ts'
import {
  type Program,
  startProgram,
  TEST_KEY,
  temporaryFolder,
} from '../../../server/test/support/program.ts'
import { createApi } from '../../../server/test/support/program-api.ts'

/** A built server that has the console, and one browser. */
export interface ConsoleWorld extends AsyncDisposable {
  browser: Browser
  server: Program
  /** Where the console is. */
  origin: string
  api: ReturnType<typeof createApi>
  /** For files, gone at the end. */
  folder: string
}

export async function startConsoleWorld(env: Record<string, string> = {}): Promise<ConsoleWorld> {
  await using started = new AsyncDisposableStack()
  const { path: folder } = started.use(await temporaryFolder())
  const sweeping = { PARTWAY_GRACE_PERIOD: '1s', PARTWAY_SWEEP_INTERVAL: '200ms' }
  const data = join(folder, 'data')
  const server = started.use(await startProgram({ data, env: { ...sweeping, ...env } }))
  const browser = await launchChromium()
  started.defer(() => browser.close())
  const kept = started.move()
  return {
    ...{ browser, server, origin: server.url, folder, api: createApi(server) },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What a page did that it must not do. */
export interface Misdeeds {
  /** Requests to other hosts. */
  foreign: string[]
  /** Of the page's policy. */
  violations: string[]
  /** Errors that nobody caught, and what the console of the browser calls errors. */
  errors: string[]
}

declare global {
  interface Window {
    /** Violations of the policy, gathered by the tests. */
    told: (text: string) => void
  }
}

/** A tab of its own, watched from its first request on. */
export async function openPage(
  world: ConsoleWorld,
  { context, ...options }: BrowserContextOptions & { context?: BrowserContext } = {},
): Promise<{ page: Page; misdeeds: Misdeeds }> {
  const own = context ?? (await world.browser.newContext(options))
  const page = await own.newPage()
  const misdeeds: Misdeeds = { foreign: [], violations: [], errors: [] }
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'blob:' && protocol !== 'data:' && origin !== world.origin) {
      misdeeds.foreign.push(request.url())
    }
  })
  page.on('pageerror', (error) => misdeeds.errors.push(error.message))
  page.on('console', (message) => {
    // Answers that refuse are no defects: the client asks what it can be refused, and Uppy tells.
    const refused = /^Failed to load resource|^\[Uppy\].* The server answered/.test(message.text())
    if (message.type() === 'error' && !refused) misdeeds.errors.push(message.text())
    if (/content security policy/i.test(message.text())) misdeeds.violations.push(message.text())
  })
  await page.exposeFunction('told', (text: string) => misdeeds.violations.push(text))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      window.told(`${violatedDirective} ${blockedURI}`),
    )
  })
  return { page, misdeeds }
}

/** By the link that the server prints, then to a route such as `#/assets`. */
export async function enter(world: ConsoleWorld, page: Page, route = ''): Promise<void> {
  await page.goto(`${world.origin}/#key=${TEST_KEY}`)
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  if (route === '') return
  await page.evaluate((hash) => {
    location.hash = hash
  }, route)
}

/** Whoever plays before there is a source is interrupted by it. */
export async function playable(page: Page, kind: 'video' | 'audio' = 'video'): Promise<void> {
  await page.waitForFunction((name) => document.querySelector(name)?.currentSrc, kind)
}

/** As in a browser that plays no HLS by itself. */
export const hideOwnHls = (page: Page) =>
  page.addInitScript(() => {
    const { canPlayType } = HTMLMediaElement.prototype
    HTMLMediaElement.prototype.canPlayType = function (type) {
      return /mpegurl/i.test(type) ? '' : canPlayType.call(this, type)
    }
  })

const SHOTS = process.env.SCREENSHOTS
const IMAGES = join(import.meta.dirname, '../../../../docs/images')
/** Pictures that the README shows, by what they are called there. */
const IN_README: Record<string, string> = {
  'upload-sending-light': 'console-upload',
  'upload-detail-dark': 'console-chunks',
  'assets-light': 'console-assets',
}

/** Writes a picture where `SCREENSHOTS` names a folder, and to `docs/images` if the README shows it. */
export async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return
  await mkdir(SHOTS, { recursive: true })
  const path = join(SHOTS, `${name}.png`)
  await page.screenshot({ path, animations: 'disabled' })
  if (IN_README[name]) await copyFile(path, join(IMAGES, `${IN_README[name]}.png`))
}
