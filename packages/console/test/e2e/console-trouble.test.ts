import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { type FaultProxy, startFaultProxy } from '../../../client/test/support/fault-proxy.ts'
import { first } from '../../../client/test/support/faults.ts'
import { CHUNK, MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256, writeRandomFile } from '../../../server/test/support/program-files.ts'
import { type UploadPage, uploadPage } from '../support/console-page.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

const SIZE = 30 * MiB + 999
/** Slow enough for what happens in the middle. */
const SLOW = 1.5 * MiB
const NAME = 'one.mp4'

describe.skipIf(skipsChromium)(`trouble while the console uploads ${inChromium}`, () => {
  let world: ConsoleWorld
  let proxy: FaultProxy
  let page: Page
  let upload: UploadPage
  let path: string
  let sum: string
  beforeAll(async () => {
    world = await startConsoleWorld()
    proxy = await startFaultProxy()
    proxy.target = world.origin
    path = join(world.folder, NAME)
    sum = await writeRandomFile(path, SIZE)
  })
  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await world?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    proxy.reset()
    await open()
  })
  afterEach(async () => {
    await page?.context().close()
    for (const { upload_id: id } of (await world.api.uploads()).data) {
      await world.api.request('DELETE', `/assets/multipart-uploads/${id}`)
    }
    for (const { _id } of (await world.api.assets()).data) {
      await world.api.request('DELETE', `/assets/${_id}`)
    }
  })

  async function open(prepare?: (page: Page) => Promise<unknown>): Promise<void> {
    await page?.context().close()
    ;({ page } = await openPage(world))
    page.on('dialog', (dialog) => dialog.accept())
    await prepare?.(page)
    await enter({ ...world, origin: proxy.url }, page)
    upload = await uploadPage(page)
  }

  async function expectStored(): Promise<void> {
    const [asset] = (await world.api.assets()).data.filter(({ url }) => url)
    expect(await fetchSha256(asset!.url!)).toBe(sum)
  }
  const active = async () =>
    (await world.api.uploads()).data.filter(({ status }) => status === 'active')

  it('shows the chunk that failed, with its code, and sends the rest when it is tried again', async () => {
    proxy.reset(first('chunk', { kind: 'answer', status: 418 }, { chunks: [3] }))
    await upload.choose(path)
    await upload.start()
    const alert = upload.row(NAME).getByRole('alert')
    await alert.getByText('Chunk 3 could not be sent').waitFor()
    expect(await alert.textContent()).toMatch(/generic_error · HTTP 418/)
    const [before] = await active()
    await alert.getByRole('button', { name: 'Try again' }).click()
    await upload.stored(NAME)
    await expectStored()
    expect(before).toMatchObject({ filename: NAME, total_chunks: Math.ceil(SIZE / CHUNK) })
    expect(await active()).toEqual([])
  })

  it('waits while there is no network, and goes on by itself', async () => {
    await upload.choose(path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 20)
    await upload.slow(-1)
    await page.context().setOffline(true)
    await page.getByText('No network.').waitFor()
    await upload.row(NAME).getByText('Waiting for the network').waitFor()
    await page.waitForTimeout(1000)
    await page.context().setOffline(false)
    await upload.stored(NAME)
    await expectStored()
    expect(await page.getByText('No network.').count()).toBe(0)
  })

  it('says that another tab has the file, and does not send it twice', async () => {
    await upload.choose(path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 3)
    const { page: second } = await openPage(world, { context: page.context() })
    await enter({ ...world, origin: proxy.url }, second)
    const offer = second.getByRole('region', { name: /Go on with 1 file/ })
    await offer.getByText('Being sent in another tab').waitFor()
    const other = await uploadPage(second)
    await other.choose(path)
    await other.start()
    const alert = other.row(NAME).getByRole('alert')
    await alert.getByText(`${NAME} is being uploaded in another tab.`).waitFor()
    expect(await alert.textContent()).toContain('upload_in_progress')
    expect(await active()).toHaveLength(1)
    await second.close()
    await upload.slow(-1)
    await upload.stored(NAME)
    await expectStored()
    expect((await world.api.assets()).data).toHaveLength(1)
  })

  it('goes on after a reload with one click, where the browser gives the file back', async () => {
    // The file is in the origin's own file system: its handles can be kept, and need no question.
    await open((opened) =>
      opened.addInitScript(() => {
        window.showOpenFilePicker = async () => {
          const folder = await navigator.storage.getDirectory()
          return [await folder.getFileHandle('one.mp4')]
        }
      }),
    )
    await page.evaluate(async (size) => {
      const folder = await navigator.storage.getDirectory()
      const writing = await (
        await folder.getFileHandle('one.mp4', { create: true })
      ).createWritable()
      const bytes = new Uint8Array(size)
      bytes.set(new TextEncoder().encode('\0\0\0\x18ftypisom\0\0\0\0isommp42'))
      await writing.write(bytes)
      await writing.close()
    }, SIZE)
    await page.getByRole('button', { name: 'choose files' }).click()
    await page.getByText('1 file selected').waitFor()
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 25)
    await page.reload()
    await upload.slow(-1)
    await page.getByRole('button', { name: 'Go on', exact: true }).click()
    await upload.stored(NAME)
    const { data } = await world.api.assets()
    expect(data.map(({ filename, size }) => [filename, size])).toEqual([[NAME, SIZE]])
  })

  it('discards what was begun, here and on the server', async () => {
    await upload.choose(path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 10)
    await page.reload()
    await page.getByRole('button', { name: 'Discard' }).click()
    const dialog = page.getByRole('dialog', { name: `Discard ${NAME}?` })
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
    expect(await active()).toEqual([])
  })

  it('cancels a file while it is sent, once that is confirmed', async () => {
    await upload.choose(path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 10)
    await page.getByRole('button', { name: `Cancel ${NAME}` }).click()
    await page.getByRole('button', { name: 'Cancel the upload' }).click()
    await expect.poll(active, { timeout: 10_000 }).toEqual([])
    await expect.poll(() => upload.row(NAME).count()).toBe(0)
  })
})

describe.skipIf(skipsChromium)(`an upload that has expired ${inChromium}`, () => {
  let world: ConsoleWorld
  beforeAll(async () => {
    world = await startConsoleWorld({ PARTWAY_UPLOAD_TTL: '12s' })
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('is shown as expired, with what failed, and the file can be uploaded anew', async () => {
    const { page } = await openPage(world)
    page.on('dialog', (dialog) => dialog.accept())
    await enter(world, page)
    const upload = await uploadPage(page)
    const path = join(world.folder, NAME)
    const sum = await writeRandomFile(path, SIZE)
    await upload.choose(path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 25)
    await page.reload()
    await page.getByRole('link', { name: 'Uploads', exact: true }).click()
    const row = page.getByRole('listitem').filter({ hasText: NAME })
    await row.getByText('expired', { exact: true }).waitFor({ timeout: 30_000 })
    await row.getByRole('link', { name: NAME }).click()
    await page.getByText('It was not complete in time.').waitFor()
    await page.getByText(/^[1-9]\d* failed$/).waitFor()
    await page.getByText('As text').click()
    expect(await page.locator('.map-text').textContent()).toMatch(/Failed[\d–, ]+/)
    await page.getByRole('link', { name: 'Upload', exact: true }).click()
    await upload.slow(-1)
    await upload.choose(path)
    await upload.start()
    await upload.stored(NAME)
    const [asset] = (await world.api.assets()).data.filter(({ url }) => url)
    expect(await fetchSha256(asset!.url!)).toBe(sum)
  })
})
