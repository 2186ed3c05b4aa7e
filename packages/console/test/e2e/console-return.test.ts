import { copyFile, mkdir, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { TEST_KEY } from '../../../server/test/support/program.ts'
import { createApi } from '../../../server/test/support/program-api.ts'
import { NAME, SLOW, uploading } from '../support/uploading.ts'

describe.skipIf(skipsChromium)(`coming back to what was begun in the console ${inChromium}`, () => {
  const at = uploading()

  const offer = (): Locator => at.page.getByRole('region', { name: /Go on with 1 file/ })
  const noOffer = async () =>
    expect(await at.page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
  const choose = () => offer().getByLabel(`Choose ${NAME} again`).setInputFiles(at.path)

  const follow = (key: string) =>
    at.page.evaluate((hash) => {
      location.hash = hash
    }, `key=${key}`)

  async function signIn(key: string): Promise<void> {
    await at.page.getByLabel('API key').fill(key)
    await at.page.keyboard.press('Enter')
  }

  async function signOut(): Promise<void> {
    await at.page.getByRole('button', { name: 'Sign out' }).click()
    const dialog = at.page.getByRole('dialog', { name: 'Sign out while files are sent?' })
    await dialog.getByRole('button', { name: 'Sign out' }).click()
  }

  it('keeps the upload of somebody who signs out, and goes on with another key of the account', async () => {
    const key = await at.createKey('default')
    const id = await at.sendTo(30)
    await signOut()
    await signIn(key)
    await offer()
      .getByText(/of 30.0 MiB arrived/)
      .waitFor()
    expect((await at.active()).map(({ upload_id }) => upload_id)).toEqual([id])
    await at.upload.slow(-1)
    await choose()
    await at.upload.stored(NAME)
    await at.stored()
    expect(await at.world.api.status(id)).toMatchObject({ status: 'completed' })
  })

  it('asks before the link of another key ends a session, and goes on where it is refused', async () => {
    const key = await at.createKey('studio')
    const id = await at.sendTo(10)
    await follow(key)
    const dialog = at.page.getByRole('dialog', { name: 'Open the link while files are sent?' })
    await dialog.getByRole('button', { name: 'Stay' }).click()
    await follow('pw_not-a-key')
    await dialog.getByRole('button', { name: 'Open the link' }).click()
    await dialog.getByText('api_key_invalid').waitFor()
    await at.page.keyboard.press('Escape')
    expect(at.page.url()).not.toContain('key')
    await at.upload.slow(-1)
    await at.upload.stored(NAME)
    await follow('pw_not-a-key')
    await at.page.getByText('The key of the link was not taken').waitFor()
    await at.stored()
    expect(await at.world.api.status(id)).toMatchObject({ status: 'completed' })
  })

  it('gives nothing of one account to another, whose file is another upload', async () => {
    const id = await at.sendTo(10)
    await at.page.getByRole('button', { name: 'Add a pair' }).click()
    await at.page.getByLabel('Key 1').fill('secret')
    const key = await at.createKey('studio')
    await follow(key)
    await at.page.getByRole('button', { name: 'Open the link' }).click()
    await at.page.getByRole('dialog').waitFor({ state: 'detached' })
    await at.page.getByLabel('Make an HLS stream').check()
    expect(await at.page.getByLabel('Key 1').count()).toBe(0)
    await at.upload.slow(-1)
    await at.upload.choose(at.path)
    await at.upload.start()
    await at.upload.stored(NAME)
    await noOffer()
    const theirs = (await createApi(at.world.server, key).assets()).data
    expect(theirs).toMatchObject([{ filename: NAME, hls: {} }])
    expect((await at.active()).map(({ upload_id }) => upload_id)).toEqual([id])
    await at.page.getByRole('button', { name: 'Sign out' }).click()
    await signIn(TEST_KEY)
    await offer().waitFor()
  })

  it('does not offer again what is stored', async () => {
    await at.upload.choose(at.path)
    await at.upload.start()
    await at.upload.stored(NAME)
    await at.page.getByRole('button', { name: 'Clear what is stored' }).click()
    await at.upload.row(NAME).waitFor({ state: 'detached' })
    await noOffer()
    await at.stored()
  })

  it('takes what is wanted now for a file whose upload has ended', async () => {
    const id = await at.sendTo(10)
    await at.page.reload()
    await offer().waitFor()
    await at.world.api.request('DELETE', `/assets/multipart-uploads/${id}`)
    await at.upload.slow(-1)
    await at.page.getByLabel('Make an HLS stream').check()
    await at.upload.choose(at.path)
    await at.upload.start()
    await at.upload.stored(NAME)
    expect(await at.stored()).toMatchObject({ hls: {} })
    await at.page.getByRole('button', { name: 'Clear what is stored' }).click()
    await noOffer()
  })

  it('makes its offer once a server that was away is back', async () => {
    await at.sendTo(10)
    at.proxy.reset(({ call }) => (call === 'status' ? { kind: 'answer', status: 503 } : undefined))
    await at.page.reload()
    await at.page.getByText('Asking the server what became of 1 file').waitFor()
    await noOffer()
    at.proxy.reset()
    await offer().getByRole('button', { name: 'Choose the file and go on' }).waitFor()
  })

  it('goes on with a file that has another name now', async () => {
    const id = await at.sendTo(20)
    await at.page.reload()
    await at.upload.slow(-1)
    await offer().waitFor()
    const renamed = `${at.path}.renamed`
    await copyFile(at.path, renamed)
    // In the middle of the millisecond that the browser tells of.
    const changed = (Math.floor((await stat(at.path)).mtimeMs) + 0.5) / 1000
    await utimes(renamed, changed, changed)
    await offer().getByLabel(`Choose ${NAME} again`).setInputFiles(renamed)
    await at.upload.stored(NAME)
    expect(await at.world.api.status(id)).toMatchObject({ status: 'completed' })
  })

  it('goes on once with a file that is chosen by itself and in its folder', async () => {
    const folder = join(at.world.folder, 'takes')
    await mkdir(folder)
    const inside = join(folder, NAME)
    await copyFile(at.path, inside)
    const { atime, mtime } = await stat(at.path)
    await utimes(inside, atime, mtime)
    const chooseFolder = () =>
      at.page.locator('.uppy-Dashboard-input[webkitdirectory]').first().setInputFiles(folder)
    await chooseFolder()
    await at.upload.slow(SLOW)
    await at.upload.start()
    await at.upload.percent(NAME, 10)
    const [begun] = await at.active()
    await at.page.reload()
    await at.upload.slow(SLOW)
    await offer().waitFor()
    await at.upload.choose(inside)
    await at.page.getByText('1 file selected').waitFor()
    await at.page.getByRole('button', { name: 'Add more files' }).click()
    await chooseFolder()
    await at.page.getByText('2 files selected').waitFor()
    await at.upload.start()
    await at.page.getByLabel(`takes/${NAME} is being uploaded already.`).first().waitFor()
    await at.upload.slow(-1)
    await at.upload.stored(`takes/${NAME}`)
    await at.stored()
    expect(await at.world.api.status(begun!.upload_id)).toMatchObject({ status: 'completed' })
  })
})
