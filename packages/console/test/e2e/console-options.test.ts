import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AssetList } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { makeFilm } from '../support/big-film.ts'
import { NAME, uploading } from '../support/uploading.ts'

describe.skipIf(skipsChromium)(`what is wanted and shown in the console ${inChromium}`, () => {
  const at = uploading({ PARTWAY_UPLOAD_TTL: '50s' })

  /** Those the server has of a type. */
  const ofType = async (type: string) => {
    const { body } = await at.world.api.request('GET', `/assets?asset_types=${type}`)
    return (body as AssetList).data.map(({ filename }) => filename)
  }

  it('has the type, the metadata and the thumbnail that were chosen', async () => {
    const { page, upload } = at
    const [film, unnamed] = ['film.mp4', 'film.dat'].map((name) => join(at.world.folder, name))
    await makeFilm(film!)
    await copyFile(film!, unnamed!)
    await page.getByLabel('Type', { exact: true }).selectOption('Video')
    for (const [i, [key, kind, value]] of [
      ['project', 'Text', '12'],
      ['take', 'Number', '3'],
      ['graded', 'Yes/no', 'no'],
    ].entries()) {
      await page.getByRole('button', { name: 'Add a pair' }).click()
      await page.getByLabel(`Key ${i + 1}`).fill(key!)
      await page.getByLabel(`Kind of value ${i + 1}`).selectOption(kind!)
      const field = page.getByLabel(`Value ${i + 1}`, { exact: true })
      await (kind === 'Yes/no' ? field.selectOption(value!) : field.fill(value!))
    }
    await upload.choose(unnamed!)
    await upload.start()
    await upload.stored('film.dat')
    const user_metadata = { project: '12', take: 3, graded: false }
    const found = async (name: string) =>
      (await at.world.api.assets()).data.find(({ filename }) => filename === name)!
    await expect
      .poll(() => found('film.dat'), { timeout: 30_000 })
      .toMatchObject({ status: 'ready', user_metadata, thumbnail: { status: 'ready' } })

    // Of a film the sound may be what is wanted.
    await page.getByLabel('Type', { exact: true }).selectOption('Audio')
    await page.getByLabel('Make a thumbnail').uncheck()
    await page.getByRole('button', { name: 'Remove take' }).click()
    await page
      .getByRole('button', { name: /^(Done|Add more)$/ })
      .first()
      .click()
    await upload.choose(film!)
    await upload.start()
    await upload.stored('film.mp4')
    await expect.poll(async () => (await found('film.mp4')).status).toBe('ready')
    const second = await found('film.mp4')
    expect(second.user_metadata).toEqual({ project: '12', graded: false })
    expect(second.thumbnail).toBeUndefined()
    expect([await ofType('video'), await ofType('audio')]).toEqual([['film.dat'], ['film.mp4']])

    // In the list, how long it is and what it looks like.
    await page.getByRole('link', { name: 'Assets', exact: true }).click()
    const card = page.getByRole('listitem').filter({ hasText: 'film.dat' })
    await card.getByText('0:06', { exact: true }).waitFor()
    const width = () => card.locator('img').evaluate((img: HTMLImageElement) => img.naturalWidth)
    await expect.poll(width).toBeGreaterThan(0)
  })

  it('has the rate and the time left of a file that is sent slowly', async () => {
    await at.sendTo(5)
    const note = at.upload.row(NAME).locator('.row-note')
    await note.getByText(/ MiB of 30\.0 MiB · \d+\.\d [KM]iB\/s · \d+ s left$/).waitFor()
    const left = async () => Number(/(\d+) s left/.exec((await note.textContent()) ?? '')?.[1])
    const before = await left()
    await expect.poll(left).toBeLessThan(before)
  })

  it('aborts in the list and on the page of an upload, which both count down', async () => {
    const { page } = at
    const { api } = at.world
    const [first, second] = [await api.create(CHUNK, 'a.mp4'), await api.create(CHUNK, 'b.mp4')]
    const abort = async () => {
      await page.getByRole('dialog').getByRole('button', { name: 'Abort the upload' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    const countsDown = async (text: () => Promise<string | null>, pattern: RegExp) => {
      const seconds = async () => Number(pattern.exec((await text()) ?? '')?.[1])
      const before = await seconds()
      expect(before).toBeLessThanOrEqual(50)
      await expect.poll(seconds).toBeLessThan(before)
    }
    await page.getByRole('link', { name: 'Uploads', exact: true }).click()
    const row = page.getByRole('listitem').filter({ hasText: 'a.mp4' })
    await row.getByText(/expires in/).waitFor()
    await countsDown(() => row.textContent(), /expires in (\d+) s/)
    await row.getByRole('button', { name: 'Abort a.mp4' }).click()
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect(await api.status(first.upload_id)).toMatchObject({ status: 'active' })
    await row.getByRole('button', { name: 'Abort a.mp4' }).click()
    await abort()
    await row.getByText('failed', { exact: true }).waitFor()
    expect(await row.getByText('expires in').count()).toBe(0)
    expect(await api.status(first.upload_id)).toMatchObject({ status: 'failed' })

    await page.getByRole('link', { name: 'b.mp4' }).click()
    const expires = page.locator('.facts > div').filter({ hasText: 'Expires' })
    await expires.waitFor()
    await countsDown(() => expires.textContent(), /in (\d+) s/)
    await page.getByRole('button', { name: 'Abort', exact: true }).click()
    await abort()
    await page.getByText('It was aborted').waitFor()
    await page.getByText('1 failed').waitFor()
    expect(await api.status(second.upload_id)).toMatchObject({ status: 'failed' })
    expect(await at.active()).toEqual([])
  })
})
