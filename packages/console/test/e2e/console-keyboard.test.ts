import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { TEST_KEY } from '../../../server/test/support/program.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { writeRandomFile } from '../../../server/test/support/program-files.ts'
import { makeFilm } from '../support/big-film.ts'
import { uploadPage } from '../support/console-page.ts'
import { type ConsoleWorld, openPage, startConsoleWorld } from '../support/console-world.ts'

describe.skipIf(skipsChromium)(`the console by keyboard alone ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  /** What the picker gives. */
  let chosen: string[]
  beforeAll(async () => {
    world = await startConsoleWorld()
    chosen = [join(world.folder, 'film.mp4')]
    await makeFilm(chosen[0]!)
    ;({ page } = await openPage(world))
    // The browser's own picker cannot be steered by a test; the one of the input can.
    await page.addInitScript(() => {
      Object.defineProperty(window, 'showOpenFilePicker', { value: undefined })
    })
    // Long before it is asked for: to catch it takes a while, and the key would be faster.
    page.on('filechooser', (chooser) => void chooser.setFiles(chosen))
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** What has the focus, as it is called, and whether that can be seen. */
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement
      const { outlineStyle, outlineWidth } = getComputedStyle(element)
      const label = element.getAttribute('aria-label') ?? element.textContent?.trim() ?? ''
      return {
        name: label || (element as HTMLInputElement).labels?.[0]?.textContent || '',
        tag: element.tagName,
        seen: outlineStyle !== 'none' && outlineWidth !== '0px',
      }
    })
  const press = (key: string) => page.keyboard.press(key)

  async function tabTo(name: string | RegExp): Promise<void> {
    for (let i = 0; i < 60; i++) {
      await press('Tab')
      const now = await focused()
      if (typeof name === 'string' ? now.name === name : name.test(now.name)) {
        expect(now, now.name).toMatchObject({ seen: true })
        return
      }
    }
    throw new Error(`the Tab key does not lead to ${name}`)
  }

  /** After what was done is seen, and what comes of it has had its time. */
  async function keepsTheFocus(): Promise<void> {
    await page.waitForTimeout(500)
    await expect.poll(async () => (await focused()).tag).not.toBe('BODY')
  }

  it('signs in', async () => {
    await page.goto(world.origin)
    await page.getByLabel('API key').waitFor()
    await page.keyboard.type(TEST_KEY)
    await press('Enter')
    await page.getByRole('button', { name: 'choose files' }).waitFor()
  })

  it('skips what is the same everywhere', async () => {
    await tabTo('Skip to the content')
    await press('Enter')
    expect(await focused()).toMatchObject({ tag: 'MAIN' })
  })

  it('uploads a file, and goes to what became of it', async () => {
    await tabTo('choose files')
    await press('Enter')
    await page.getByText('1 file selected').waitFor()
    await tabTo(/^Upload 1 file$/)
    await press('Enter')
    await page.getByText('stored', { exact: true }).waitFor()
    await keepsTheFocus()
    await tabTo('Open')
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: 'film.mp4' }).waitFor()
    expect(await focused()).toMatchObject({ tag: 'H1' })
  })

  it('edits metadata, and comes back to where that began', async () => {
    await tabTo('Edit')
    await press('Enter')
    await expect.poll(async () => (await focused()).name).toBe('Key 1')
    await tabTo('Remove pair 1')
    await press('Enter')
    await page.getByLabel('Key 1').waitFor({ state: 'detached' })
    expect((await focused()).name).toBe('Add a pair')
    await press('Enter')
    await tabTo('Key 1')
    await page.keyboard.type('scene')
    await press('Tab')
    await page.keyboard.type('12a')
    await press('Enter')
    await page.getByText('The metadata is saved.').waitFor()
    await expect.poll(async () => (await focused()).name).toBe('Edit')
    expect((await world.api.assets()).data[0]!.user_metadata).toEqual({ scene: '12a' })
  })

  it('looks at chunks one by one', async () => {
    const { upload_id: id } = await world.api.create(60 * 1024 * 1024, 'half.mp4')
    await page.goto(`${world.origin}/#/uploads/${id}`)
    await page.getByText('12 pending').waitFor()
    await tabTo(/^Map of 12 chunks: 0 completed, 0 failed, 12 pending/)
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight']) await press(key)
    await page.getByText('Chunk 3').waitFor()
    await press('End')
    await page.getByText('Chunk 12').waitFor()
    await press('Escape')
    await page.getByText('Point at a cell').waitFor()
  })

  it('deletes, after a question that keeps the focus and gives it back', async () => {
    const { _id } = (await world.api.assets()).data.find(({ filename }) => filename === 'film.mp4')!
    await page.goto(`${world.origin}/#/assets/${_id}`)
    await page.getByRole('heading', { level: 1, name: 'film.mp4' }).waitFor()
    await tabTo('Delete')
    await press('Enter')
    await page.getByRole('dialog').waitFor()
    for (let i = 0; i < 8; i++) {
      await press('Tab')
      const outside = await page.evaluate(
        () =>
          document.activeElement !== document.body && !document.activeElement!.closest('dialog'),
      )
      expect(outside).toBe(false)
    }
    await press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect((await focused()).name).toBe('Delete')
    await press('Enter')
    await tabTo('Delete')
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Assets' }).waitFor()
    expect(await focused()).toMatchObject({ tag: 'H1', name: 'Assets' })
  })

  it('goes from page to page, and is at the heading each time', async () => {
    for (let i = 0; i < 25; i++) await world.api.create(1, `many-${i}.mp4`)
    for (const [route, heading] of [
      ['uploads', 'Uploads'],
      ['assets', 'Assets'],
    ] as const) {
      await page.goto(`${world.origin}/#/${route}`)
      for (const [link, now] of [
        ['Next', 'Page 2 of 2'],
        ['Previous', 'Page 1 of 2'],
      ] as const) {
        await page.getByRole('link', { name: link, exact: true }).waitFor()
        await tabTo(link)
        await press('Enter')
        await page.getByText(now).waitFor()
        await keepsTheFocus()
        expect(await focused()).toMatchObject({ tag: 'H1', name: heading })
      }
    }
  })

  it('clears what is stored', async () => {
    await page.goto(`${world.origin}/#/`)
    await tabTo('Clear what is stored')
    await press('Enter')
    await page.getByText('stored', { exact: true }).waitFor({ state: 'detached' })
    await keepsTheFocus()
  })

  it('aborts in the list and on the page of an upload, and goes on from there', async () => {
    // Told by no event: the button is still there when the question is answered, and then goes.
    await page.route('**/v1.3/events', (route) => route.fulfill({ status: 404, body: '{}' }))
    await page.goto(`${world.origin}/#/uploads`)
    await page.reload()
    await page.getByRole('link', { name: 'many-24.mp4' }).waitFor()
    await tabTo('Abort many-24.mp4')
    await press('Enter')
    await page.getByRole('dialog').waitFor()
    await tabTo('Abort the upload')
    await press('Enter')
    await page.getByText('failed', { exact: true }).waitFor()
    await keepsTheFocus()
    await tabTo('many-23.mp4')
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: 'many-23.mp4' }).waitFor()
    await tabTo('Abort')
    await press('Enter')
    await page.getByRole('dialog').waitFor()
    await tabTo('Abort the upload')
    await press('Enter')
    await page.getByText('It was aborted').waitFor()
    await keepsTheFocus()
  })

  it('pauses, and lets go on what then waits for its turn', async () => {
    chosen = ['a', 'b', 'c'].map((name) => join(world.folder, `${name}.mp4`))
    for (const path of chosen) await writeRandomFile(path, 6 * MiB)
    const upload = await uploadPage(page)
    await upload.slow(MiB / 4)
    const row = upload.row('a.mp4')
    await page.goto(`${world.origin}/#/`)
    await tabTo('choose files')
    await press('Enter')
    await page.getByText('3 files selected').waitFor()
    await tabTo(/^Upload 3 files$/)
    await press('Enter')
    await page.getByRole('link', { name: 'Chunks of a.mp4' }).waitFor()
    await tabTo('Pause a.mp4')
    await press('Enter')
    await row.getByText('Paused').waitFor()
    expect((await focused()).name).toBe('Resume a.mp4')
    await page.getByRole('button', { name: 'Pause c.mp4' }).waitFor()
    await press('Enter')
    await row.getByText('Waiting for its turn').waitFor()
    await keepsTheFocus()
    expect((await focused()).name).toBe('Pause a.mp4')
    await press('Enter')
    await row.getByText('Paused').waitFor()
    expect((await focused()).name).toBe('Resume a.mp4')
    await tabTo('Cancel a.mp4')
    await press('Enter')
    await tabTo('Cancel the upload')
    await press('Enter')
    await row.waitFor({ state: 'detached' })
    await keepsTheFocus()
  })
})
