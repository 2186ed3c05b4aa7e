import { describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { first } from '../../../client/test/support/faults.ts'
import { NAME, SLOW, uploading } from '../support/uploading.ts'

describe.skipIf(skipsChromium)(`two tabs of the console with one file ${inChromium}`, () => {
  const at = uploading()
  const beside = () => at.openTab(at.page.context())
  const ids = async () => (await at.active()).map(({ upload_id }) => upload_id)

  it('send it once, though the second wants something else made of it', async () => {
    const second = await beside()
    const id = await at.sendTo(5)
    await at.upload.slow(SLOW / 10)
    await second.page.reload()
    await second.page.getByText('Being sent in another tab').waitFor()
    await second.page.getByLabel('Make an HLS stream').check()
    await second.upload.choose(at.path)
    await second.upload.start()
    const row = second.upload.row(NAME)
    await row.getByText(`${NAME} is being uploaded in another tab.`).waitFor()
    expect(await ids()).toEqual([id])
    // It was never this tab's: nothing is asked, and nothing is ended.
    await row.getByRole('button', { name: `Cancel ${NAME}` }).click()
    await row.waitFor({ state: 'detached' })
    expect(await ids()).toEqual([id])
    // The other may go on with it when the first is gone, without being asked to look.
    await at.page.close()
    await second.page.getByRole('button', { name: 'Choose the file and go on' }).waitFor()
  })

  it('send it once, when one has finished what the other still offers', async () => {
    await at.sendTo(10)
    await at.page.reload()
    const second = await beside()
    const offer = second.page.getByRole('region', { name: /Go on with 1 file/ })
    await offer.waitFor()
    await at.upload.slow(-1)
    await at.page.getByLabel(`Choose ${NAME} again`).setInputFiles(at.path)
    await at.upload.stored(NAME)
    await offer.getByLabel(`Choose ${NAME} again`).setInputFiles(at.path)
    await second.page.getByText(`${NAME} is stored already.`).waitFor()
    await offer.waitFor({ state: 'detached' })
    await at.stored()
  })

  it('end nothing that the other sends', async () => {
    const id = await at.sendTo(10)
    await at.page.reload()
    const second = await beside()
    await second.page.getByRole('button', { name: 'Discard' }).waitFor()
    await at.upload.slow(SLOW)
    await at.page.getByLabel(`Choose ${NAME} again`).setInputFiles(at.path)
    await at.upload.percent(NAME, 15)
    await second.page.getByRole('button', { name: 'Discard' }).click()
    const dialog = second.page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await dialog.getByText('It is being sent in another tab.').waitFor()
    await at.upload.slow(-1)
    await at.upload.stored(NAME)
    expect(await at.world.api.status(id)).toMatchObject({ status: 'completed' })
  })

  it('delete no asset whose file either of them sends', async () => {
    const id = await at.sendTo(10)
    const { asset_id } = await at.world.api.status(id)
    const second = await beside()
    for (const [page, refusal] of [
      [second.page, 'It is being sent in another tab.'],
      [at.page, 'It is one of the files of this tab.'],
    ] as const) {
      await page.evaluate((asset) => {
        location.hash = `#/assets/${asset}`
      }, asset_id)
      await page.getByRole('button', { name: 'Delete' }).click()
      const dialog = page.getByRole('dialog', { name: `Delete ${NAME}?` })
      await dialog.getByText('its upload is ended as well').waitFor()
      await dialog.getByRole('button', { name: 'Delete' }).click()
      await dialog.getByText(refusal).waitFor()
    }
    expect(await ids()).toEqual([id])
    // Nobody sends it any more.
    await at.page.close()
    const held = async () =>
      (await second.page.evaluate(() => navigator.locks.query())).held?.map(({ name }) => name)
    await expect.poll(held).toEqual([])
    await second.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await second.page.getByText(`${NAME} was deleted.`).waitFor()
    expect(await ids()).toEqual([])
    await second.page.getByRole('link', { name: 'Upload', exact: true }).click()
    expect(await second.page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
  })

  it('offer again what could not be ended, when the server is back', async () => {
    const id = await at.sendTo(5)
    at.proxy.reset(({ call }) => (call === 'abort' ? { kind: 'answer', status: 418 } : undefined))
    await at.page.getByRole('button', { name: `Cancel ${NAME}` }).click()
    const dialog = at.page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Cancel the upload' }).click()
    await dialog.getByText('HTTP 418').waitFor()
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    at.proxy.reset()
    const offer = at.page.getByRole('region', { name: /Go on with 1 file/ })
    await offer.getByRole('button', { name: 'Choose the file and go on' }).waitFor()
    expect(await ids()).toEqual([id])
  })

  it('end what was given up, once that is confirmed', async () => {
    await at.sendTo(5)
    const remove = at.page.getByRole('button', { name: /Remove file/ })
    await remove.click()
    await at.page.getByRole('button', { name: 'Keep it' }).click()
    at.proxy.reset(first('chunk', { kind: 'answer', status: 418 }))
    await at.upload.slow(-1)
    const row = at.upload.row(NAME)
    await row.getByRole('alert').waitFor()
    expect(await at.active()).toHaveLength(1)
    await row.getByRole('button', { name: `Cancel ${NAME}` }).click()
    await at.page.getByRole('button', { name: 'Cancel the upload' }).click()
    await row.waitFor({ state: 'detached' })
    await expect.poll(ids, { timeout: 10_000 }).toEqual([])
    expect(await at.page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
  })
})
