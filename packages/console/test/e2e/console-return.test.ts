import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { type FaultProxy, startFaultProxy } from '../../../client/test/support/fault-proxy.ts'
import { first } from '../../../client/test/support/faults.ts'
import { runProgram, TEST_KEY } from '../../../server/test/support/program.ts'
import { createApi, MiB } from '../../../server/test/support/program-api.ts'
import { fetchSha256, writeRandomFile } from '../../../server/test/support/program-files.ts'
import { type UploadPage, uploadPage } from '../support/console-page.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

const SIZE = 30 * MiB + 999
/** Slow enough for what happens in the middle. */
const SLOW = 1.5 * MiB
const NAME = 'one.mp4'

describe.skipIf(skipsChromium)(`coming back to what was begun in the console ${inChromium}`, () => {
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
    ;({ page } = await openPage(world))
    page.on('dialog', (dialog) => dialog.accept())
    await enter({ ...world, origin: proxy.url }, page)
    upload = await uploadPage(page)
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

  const active = async () =>
    (await world.api.uploads()).data.filter(({ status }) => status === 'active')
  const offer = (in_ = page) => in_.getByRole('region', { name: /Go on with 1 file/ })

  async function sendTo(percent: number): Promise<string> {
    await upload.choose(path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, percent)
    const [begun] = await active()
    return begun!.upload_id
  }

  /** The one asset that came to something. */
  async function stored(): Promise<{ _id: string; hls?: unknown }> {
    const data = (await world.api.assets()).data.filter(({ url }) => url)
    expect(data).toHaveLength(1)
    expect(await fetchSha256(data[0]!.url!)).toBe(sum)
    return data[0]!
  }

  async function otherKey(): Promise<string> {
    const args = ['keys', 'create', '--account', 'studio', '--json', '--data', world.server.data]
    return JSON.parse((await runProgram(args)).stdout).key
  }

  const follow = (key: string) =>
    page.evaluate((hash) => {
      location.hash = hash
    }, `key=${key}`)

  it('keeps the upload of somebody who signs out, and offers it to whoever comes back', async () => {
    const id = await sendTo(30)
    await page.getByRole('button', { name: 'Sign out' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign out while files are sent?' })
    await dialog.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('API key').fill(TEST_KEY)
    await page.keyboard.press('Enter')
    await offer()
      .getByText(/of 30.0 MiB arrived/)
      .waitFor()
    expect((await active()).map(({ upload_id }) => upload_id)).toEqual([id])
    await upload.slow(-1)
    await offer().getByLabel(`Choose ${NAME} again`).setInputFiles(path)
    await upload.stored(NAME)
    await stored()
    expect(await world.api.status(id)).toMatchObject({ status: 'completed' })
  })

  it('asks before the link of another key ends a session, and goes on where it is refused', async () => {
    const id = await sendTo(10)
    await follow(await otherKey())
    const dialog = page.getByRole('dialog', { name: 'Open the link while files are sent?' })
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    await follow('pw_not-a-key')
    await dialog.getByRole('button', { name: 'Open the link' }).click()
    await dialog.getByText('api_key_invalid').waitFor()
    await page.keyboard.press('Escape')
    expect(page.url()).not.toContain('key')
    await upload.slow(-1)
    await upload.stored(NAME)
    await follow('pw_not-a-key')
    await page.getByText('The key of the link was not taken').waitFor()
    await stored()
    expect(await world.api.status(id)).toMatchObject({ status: 'completed' })
  })

  it('offers nothing of one account to another, whose file is another upload', async () => {
    const id = await sendTo(10)
    const key = await otherKey()
    await follow(key)
    await page.getByRole('button', { name: 'Open the link' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await upload.slow(-1)
    await page.getByLabel('Make an HLS stream').check()
    await upload.choose(path)
    await upload.start()
    await upload.stored(NAME)
    expect(await offer().count()).toBe(0)
    const theirs = (await createApi(world.server, key).assets()).data
    expect(theirs).toMatchObject([{ filename: NAME, hls: {} }])
    expect((await active()).map(({ upload_id }) => upload_id)).toEqual([id])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('API key').fill(TEST_KEY)
    await page.keyboard.press('Enter')
    await offer().waitFor()
  })

  it('does not offer again what is stored', async () => {
    await upload.choose(path)
    await upload.start()
    await upload.stored(NAME)
    await page.getByRole('button', { name: 'Clear what is stored' }).click()
    await upload.row(NAME).waitFor({ state: 'detached' })
    expect(await page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
    await stored()
  })

  it('does not send what another tab sends, though this one wants something else of it', async () => {
    const { page: second } = await openPage(world, { context: page.context() })
    await enter({ ...world, origin: proxy.url }, second)
    const id = await sendTo(5)
    await second.getByLabel('Make an HLS stream').check()
    const other = await uploadPage(second)
    await other.choose(path)
    await other.start()
    await other.row(NAME).getByText(`${NAME} is being uploaded in another tab.`).waitFor()
    expect((await active()).map(({ upload_id }) => upload_id)).toEqual([id])
    await second.close()
  })

  it('takes what is wanted now for a file whose upload has ended', async () => {
    const id = await sendTo(10)
    await page.reload()
    await offer().waitFor()
    await world.api.request('DELETE', `/assets/multipart-uploads/${id}`)
    await upload.slow(-1)
    await page.getByLabel('Make an HLS stream').check()
    await upload.choose(path)
    await upload.start()
    await upload.stored(NAME)
    expect(await stored()).toMatchObject({ hls: {} })
    await page.getByRole('button', { name: 'Clear what is stored' }).click()
    expect(await page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
  })

  it('makes its offer once a server that was away is back', async () => {
    await sendTo(10)
    proxy.reset(first('status', { kind: 'answer', status: 418 }, { times: 2 }))
    await page.reload()
    await offer().getByText('The server does not answer; it is asked again').waitFor()
    expect(await offer().getByRole('button', { name: /go on/i }).count()).toBe(0)
    await offer().getByRole('button', { name: 'Choose the file and go on' }).waitFor()
  })

  it('ends nothing from the Dashboard, and what was given up once that is confirmed', async () => {
    await sendTo(5)
    const remove = page.getByRole('button', { name: /Remove file/ })
    expect(await remove.count()).toBe(0)
    proxy.reset(first('chunk', { kind: 'answer', status: 418 }))
    await upload.slow(-1)
    const alert = upload.row(NAME).getByRole('alert')
    await alert.waitFor()
    expect(await active()).toHaveLength(1)
    await upload
      .row(NAME)
      .getByRole('button', { name: `Cancel ${NAME}` })
      .click()
    await page.getByRole('button', { name: 'Cancel the upload' }).click()
    await expect.poll(() => active(), { timeout: 10_000 }).toEqual([])
    await upload.row(NAME).waitFor({ state: 'detached' })
    expect(await page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
  })
})
