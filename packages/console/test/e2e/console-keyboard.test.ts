import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { TEST_KEY } from '../../../server/test/support/program.ts'
import { makeFilm } from '../support/big-film.ts'
import { type ConsoleWorld, openPage, startConsoleWorld } from '../support/console-world.ts'

describe.skipIf(skipsChromium)(`the console by keyboard alone ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  beforeAll(async () => {
    world = await startConsoleWorld()
    await makeFilm(join(world.folder, 'film.mp4'))
    ;({ page } = await openPage(world))
    // The browser's own picker cannot be steered by a test; the one of the input can.
    await page.addInitScript(() => {
      Object.defineProperty(window, 'showOpenFilePicker', { value: undefined })
    })
    // Long before it is asked for: to catch it takes a while, and the key would be faster.
    page.on('filechooser', (chooser) => void chooser.setFiles(join(world.folder, 'film.mp4')))
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
    await tabTo(/^Upload 1 file$/)
    await press('Enter')
    await page.getByText('stored', { exact: true }).waitFor()
    await tabTo('Open')
    await press('Enter')
    await page.getByRole('heading', { level: 1, name: 'film.mp4' }).waitFor()
    expect(await focused()).toMatchObject({ tag: 'H1' })
  })

  it('edits metadata, and comes back to where that began', async () => {
    await tabTo('Edit')
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
})
