import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { SLOW, uploading } from '../support/uploading.ts'

const NAMES = ['a.mp4', 'b.mp4', 'c.mp4', 'd.mp4', 'e.mp4', 'f.mp4']

describe.skipIf(skipsChromium)(`files that wait in the console ${inChromium}`, () => {
  const at = uploading()
  const begun = async () => (await at.active()).length
  const list = () => at.page.getByRole('region', { name: 'Files of this tab' })
  const waiting = (name: string) => at.upload.row(name).getByText('Waiting for its turn')

  /** Six of 6 MiB, of which two are sent at once. */
  async function choose(): Promise<void> {
    const paths = NAMES.map((name) => join(at.world.folder, name))
    await Promise.all(paths.map((path, i) => writeFile(path, Buffer.alloc(6 * MiB, i + 1))))
    await at.upload.choose(...paths)
    await at.page.getByText('6 files selected').waitFor()
  }

  async function start(): Promise<void> {
    await choose()
    await at.upload.slow(SLOW / 4)
    await at.upload.start()
    await at.upload.percent('a.mp4', 1)
    await waiting('f.mp4').waitFor()
  }

  it('wait on when the network goes, and are sent when it is back', async () => {
    await start()
    await at.upload.offline()
    await at.upload.row('a.mp4').getByText('Waiting for the network').waitFor()
    await at.page.waitForTimeout(1000)
    expect(await begun()).toBe(2)
    await at.upload.row('f.mp4').getByText('Waiting for the network').waitFor()
    await at.page.getByRole('button', { name: 'Pause', exact: true }).click()
    await at.page.getByRole('button', { name: 'Resume', exact: true }).click()
    await at.upload.row('a.mp4').getByText('Waiting for the network').waitFor()
    await at.page.waitForTimeout(1000)
    expect(await begun()).toBe(2)
    await at.upload.slow(-1)
    for (const name of NAMES) await at.upload.stored(name)
  })

  it('stay paused where somebody paused them, whether the network goes or comes', async () => {
    await start()
    const [a, b] = ['a.mp4', 'b.mp4'].map(at.upload.row)
    await at.page.getByRole('button', { name: 'Pause a.mp4' }).click()
    await a!.getByText('Paused').waitFor()
    await at.upload.offline()
    await b!.getByText('Waiting for the network').waitFor()
    await a!.getByText('Paused').waitFor()
    await at.upload.slow(-1)
    for (const name of NAMES.slice(1)) await at.upload.stored(name)
    await a!.getByText('Paused').waitFor()
    await at.page.getByRole('button', { name: 'Resume a.mp4' }).click()
    await at.upload.stored('a.mp4')
  })

  it('are not begun while the server is away, and sent when it is back', async () => {
    await start()
    await at.tryWithoutPauses()
    at.takeServerAway()
    await at.upload.slow(-1)
    await at.upload.row('a.mp4').getByText('Waiting for the server').waitFor({ timeout: 90_000 })
    await at.upload.row('f.mp4').getByText('Waiting for the server').waitFor()
    await at.page.waitForTimeout(1000)
    expect(await begun()).toBe(2)
    expect(await at.page.getByRole('alert').count()).toBe(0)
    at.bringServerBack()
    for (const name of NAMES) await at.upload.stored(name)
  })

  it('wait for the network when they are started without one', async () => {
    await choose()
    await at.upload.offline()
    await at.page.getByText('No network.').waitFor()
    await at.upload.start()
    await at.upload.row('f.mp4').getByText('Waiting for the network').waitFor()
    await at.page.waitForTimeout(1000)
    // Uppy has its own to say for a moment.
    expect(await list().getByRole('alert').count()).toBe(0)
    expect(await begun()).toBe(0)
    await at.upload.slow(-1)
    for (const name of NAMES) await at.upload.stored(name)
  })

  it('are paused with the others, and resumed one by one', async () => {
    await start()
    await at.page.getByRole('button', { name: 'Pause', exact: true }).click()
    const row = at.upload.row('f.mp4')
    await row.getByText('Paused').waitFor()
    await at.upload.slow(-1)
    await row.getByRole('button', { name: 'Resume f.mp4' }).click()
    await at.upload.stored('f.mp4')
    await at.upload.row('c.mp4').getByText('Paused').waitFor()
  })

  it('are taken out one by one, from the list and from the Dashboard, and all at once', async () => {
    await start()
    await at.upload.row('f.mp4').getByRole('button', { name: 'Cancel f.mp4' }).click()
    await at.upload.row('f.mp4').waitFor({ state: 'detached' })
    const item = at.page.locator('.uppy-Dashboard-Item').filter({ hasText: 'c.mp4' })
    await item.getByRole('button', { name: 'Remove file' }).click()
    await at.upload.row('c.mp4').waitFor({ state: 'detached' })
    expect(await begun()).toBe(2)
    await at.page.getByRole('button', { name: 'Cancel all' }).click()
    const dialog = at.page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Cancel all' }).click()
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(begun, { timeout: 10_000 }).toBe(0)
    expect(await list().count()).toBe(0)
  })

  it('go on in turn: one that may, while others are sent, says so and is not paused by another click', async () => {
    await start()
    await at.page.getByRole('button', { name: 'Pause a.mp4' }).click()
    await at.page.getByRole('button', { name: 'Resume a.mp4' }).click()
    await waiting('a.mp4').waitFor()
    await at.upload.slow(-1)
    for (const name of NAMES) await at.upload.stored(name)
  })

  it('are each asked about by themselves, also when the answer for another fails late', async () => {
    await start()
    const answer = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<void>()
    await at.page.route('**/multipart-uploads/*', async (route) => {
      if (route.request().method() !== 'DELETE') return route.continue()
      aborted.resolve()
      await answer.promise
      await route.fulfill({ status: 418 })
    })
    const ask = (name: string) =>
      at.upload
        .row(name)
        .getByRole('button', { name: `Cancel ${name}` })
        .click()
    await ask('a.mp4')
    await at.page.getByRole('dialog').getByRole('button', { name: 'Cancel the upload' }).click()
    await aborted.promise
    await at.page.keyboard.press('Escape')
    await ask('b.mp4')
    const dialog = at.page.getByRole('dialog', { name: 'Cancel b.mp4?' })
    await dialog.waitFor()
    answer.resolve()
    await at.page.locator('.toast').filter({ hasText: '418' }).waitFor()
    expect(await dialog.getByRole('alert').count()).toBe(0)
    expect(await dialog.getByRole('button', { name: 'Cancel the upload' }).isEnabled()).toBe(true)
  })
})
