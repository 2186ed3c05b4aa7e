import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../../client/test/support/fault-proxy.ts'
import { runProgram } from '../../../server/test/support/program.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256, writeRandomFile } from '../../../server/test/support/program-files.ts'
import { type UploadPage, uploadPage } from './console-page.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from './console-world.ts'

export const SIZE = 30 * MiB + 999
/** Slow enough for what happens in the middle, in bytes a second. */
export const SLOW = 1.5 * MiB
export const NAME = 'one.mp4'

/** A tab that uploads. */
export interface Tab {
  page: Page
  upload: UploadPage
}

/** One file, a proxy before the server, and for each test a tab that is signed in. */
export interface Uploading {
  world: ConsoleWorld
  proxy: FaultProxy
  page: Page
  upload: UploadPage
  path: string
  sum: string
  /** Another tab; of the same browser where its context is given. */
  openTab(context?: BrowserContext, prepare?: (page: Page) => Promise<unknown>): Promise<Tab>
  /** Slowly, until so many per cent are sent. Resolves to the id of the upload. */
  sendTo(percent: number): Promise<string>
  /** The client tries again for a minute, nearly all of it pauses whose length is left to chance. */
  tryWithoutPauses(): Promise<void>
  takeServerAway(): void
  bringServerBack(): void
  active(): Promise<{ upload_id: string }[]>
  /** The one asset that came to something, which is the file. */
  stored(): Promise<{ _id: string; hls?: unknown }>
  createKey(account: string): Promise<string>
}

/** To be called where tests are described: it sets up and cleans up. */
export function uploading(env: Record<string, string> = {}): Uploading {
  const it = {} as Uploading
  beforeAll(async () => {
    it.world = await startConsoleWorld(env)
    it.proxy = await startFaultProxy()
    it.proxy.target = it.world.origin
    it.path = join(it.world.folder, NAME)
    it.sum = await writeRandomFile(it.path, SIZE)
  })
  afterAll(async () => {
    await it.proxy?.[Symbol.asyncDispose]()
    await it.world?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    it.proxy.reset()
    it.proxy.target = it.world.origin
    Object.assign(it, await it.openTab())
  })
  afterEach(async () => {
    const { api } = it.world
    for (const context of it.world.browser.contexts()) await context.close()
    for (const { upload_id: id } of (await api.uploads()).data) {
      await api.request('DELETE', `/assets/multipart-uploads/${id}`)
    }
    for (const { _id } of (await api.assets()).data) await api.request('DELETE', `/assets/${_id}`)
  })
  return Object.assign(it, {
    async openTab(context?: BrowserContext, prepare?: (page: Page) => Promise<unknown>) {
      const { page } = await openPage(it.world, context ? { context } : {})
      page.on('dialog', (dialog) => dialog.accept())
      await prepare?.(page)
      await enter({ ...it.world, origin: it.proxy.url }, page)
      return { page, upload: await uploadPage(page) }
    },
    async sendTo(percent: number) {
      await it.upload.choose(it.path)
      await it.upload.slow(SLOW)
      await it.upload.start()
      await it.upload.percent(NAME, percent)
      const [begun] = await it.active()
      return begun!.upload_id
    },
    tryWithoutPauses: () =>
      it.page.evaluate(() => {
        Math.random = () => 0
      }),
    takeServerAway() {
      it.proxy.target = 'http://127.0.0.1:1'
    },
    bringServerBack() {
      it.proxy.target = it.world.origin
    },
    active: async () =>
      (await it.world.api.uploads()).data.filter(({ status }) => status === 'active'),
    async stored() {
      const data = (await it.world.api.assets()).data.filter(({ url }) => url)
      expect(data).toHaveLength(1)
      expect(await fetchSha256(data[0]!.url!)).toBe(it.sum)
      return data[0]!
    },
    async createKey(account: string) {
      const args = ['keys', 'create', '--account', account, '--json', '--data']
      return JSON.parse((await runProgram([...args, it.world.server.data])).stdout).key
    },
  } satisfies Partial<Uploading>)
}
