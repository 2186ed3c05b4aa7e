import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { seriousProblems } from '../support/axe.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

describe.skipIf(skipsChromium)(`what the console says in passing ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  let id: string
  beforeAll(async () => {
    world = await startConsoleWorld()
    id = (await world.api.create(CHUNK, 'film.mp4')).upload_id
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page } = await openPage(world))
    await enter(world, page, `#/uploads/${id}`)
  })
  afterEach(() => page?.context().close())

  it('is seen and heard above a dialog, and is on the page when that is closed', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.getByRole('button', { name: 'Show the request' }).click()
    const dialog = page.getByRole('dialog')
    const copy = dialog.getByRole('button', { name: 'Copy' }).first()
    await copy.click()
    const note = dialog.getByRole('status').getByText('Copied.')
    await note.waitFor()
    const isOnTop = await note.evaluate((element: HTMLElement) => {
      element.style.pointerEvents = 'auto'
      const { left, top, width, height } = element.getBoundingClientRect()
      return document.elementFromPoint(left + width / 2, top + height / 2) === element
    })
    expect(isOnTop).toBe(true)
    expect(await page.getByText('Copied.').count()).toBe(1)
    expect(await seriousProblems(page)).toEqual([])
    // It stays for six seconds, and axe may take them.
    await copy.click()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('status').getByText('Copied.').waitFor()
  })

  it('is not what stands beside a button that copies it', async () => {
    await page.getByText(id).waitFor()
    expect(
      await page.locator('output, [aria-live], [role=status]').allTextContents(),
    ).not.toContain(id)
  })
})
