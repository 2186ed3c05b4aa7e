import type { Browser, BrowserContext, Page } from 'playwright-core'
import {
  type Program,
  startProgram,
  TEST_KEY,
  temporaryFolder,
} from '../../../server/test/support/program.ts'
import { createApi } from '../../../server/test/support/program-api.ts'
import { sha256, storeOf } from '../../../server/test/support/program-files.ts'
import { launchChromium } from './browser-chromium.ts'
import { type BrowserNetwork, browserNetwork } from './browser-network.ts'
import type { Outcome } from './browser-page-client.ts'
import { startSite } from './browser-site.ts'

/** A built server, a site of another origin, and one browser. */
export interface World extends AsyncDisposable {
  browser: Browser
  origin: string
  server: Program
  api: ReturnType<typeof createApi>
  store: ReturnType<typeof storeOf>
  /** For files, gone at the end. */
  folder: string
}

export async function startWorld(): Promise<World> {
  await using started = new AsyncDisposableStack()
  const { path: folder } = started.use(await temporaryFolder())
  const { origin } = started.use(await startSite())
  const data = `${folder}/data`
  const sweeping = { PARTWAY_GRACE_PERIOD: '1s', PARTWAY_SWEEP_INTERVAL: '200ms' }
  const env = { PARTWAY_CORS_ORIGINS: origin, ...sweeping }
  const server = started.use(await startProgram({ data, env }))
  const browser = await launchChromium()
  started.defer(() => browser.close())
  const kept = started.move()
  return {
    ...{ browser, origin, server, folder, api: createApi(server), store: storeOf(data) },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** The uploads that are not over. */
export async function activeUploads({ api }: World): Promise<{ id: string; filename: string }[]> {
  const { data } = await api.uploads()
  const active = data.filter(({ status }) => status === 'active')
  return active.map(({ upload_id: id, filename }) => ({ id, filename }))
}

export interface Tab extends BrowserNetwork {
  page: Page
  /** Paths of chunks that the store took, without the signature. */
  stored: string[]
}

/** A tab with the client in it. */
export async function openTab(world: World, context: BrowserContext): Promise<Tab> {
  const page = await context.newPage()
  const stored: string[] = []
  page.on('response', (response) => {
    const request = response.request()
    if (request.method() === 'PUT' && response.ok()) stored.push(new URL(request.url()).pathname)
  })
  const tab: Tab = { page, stored, ...(await browserNetwork(page)) }
  await loadPage(world, tab)
  return tab
}

/** Loads the page, or loads it again. */
export async function loadPage({ origin, server }: World, { page }: Tab): Promise<void> {
  await page.goto(`${origin}/`)
  await page.waitForFunction(() => 'test' in window)
  await page.evaluate(([url, key]) => window.test.connect(url!, key!), [server.url, TEST_KEY])
}

/** Waits until so many bytes are confirmed. */
export const acknowledged = ({ page }: Tab, bytes: number): Promise<void> =>
  page.evaluate((least) => window.test.acknowledged(least), bytes)

/** The end of the upload. @throws Error when it failed */
export async function assetOf({ page }: Tab) {
  const outcome: Outcome = await page.evaluate(() => window.test.outcome())
  if ('error' in outcome) throw new Error(`${outcome.error.code}: ${outcome.error.message}`)
  return outcome.asset
}

/** SHA-256 of what the server has: of all, and of every chunk. */
export async function digestsAt(url: string, chunkSize: number) {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
  const chunks: string[] = []
  for (let at = 0; at < bytes.byteLength; at += chunkSize) {
    chunks.push(sha256(bytes.subarray(at, at + chunkSize)))
  }
  return { whole: sha256(bytes), chunks }
}
