import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { fetchSha256, sha256 } from '../../../server/test/support/program-files.ts'
import { uploadPage } from '../support/console-page.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

const COUNT = 500

describe.skipIf(skipsChromium)(`hundreds of files in the console ${inChromium}`, () => {
  let world: ConsoleWorld
  beforeAll(async () => {
    world = await startConsoleWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it(`sends a folder of ${COUNT}, each once, and stays usable`, { timeout: 300_000 }, async () => {
    const folder = join(world.folder, 'notes')
    await mkdir(folder)
    const sums = new Map<string, string>()
    for (let i = 0; i < COUNT; i++) {
      const bytes = Buffer.from(`note ${i} ${randomBytes(200).toString('hex')}`)
      const name = `note-${String(i).padStart(3, '0')}.txt`
      await writeFile(join(folder, name), bytes)
      sums.set(name, sha256(bytes))
    }
    const { page } = await openPage(world)
    await enter(world, page)
    const upload = await uploadPage(page)
    // As "choose a folder" does.
    const input = page.locator('.uppy-Dashboard-input[webkitdirectory]').first()
    await input.waitFor({ state: 'attached' })
    await input.setInputFiles(folder)
    await page.getByText(`${COUNT} files selected`).waitFor()
    await upload.start()
    await page.getByText(new RegExp(`^[1-9]\\d* of ${COUNT} stored$`)).waitFor()
    // While they are sent: how long a click on another view takes to show it.
    const clicked = Date.now()
    await page.getByRole('link', { name: 'Assets', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Assets' }).waitFor()
    const took = Date.now() - clicked
    // They may be through by now, and what led back there is gone.
    await page.getByRole('link', { name: 'Upload', exact: true }).click()
    await page.locator('.uppy-StatusBar.is-complete').waitFor({ timeout: 240_000 })
    console.log(`another view while ${COUNT} files are sent: ${took} ms`)
    expect(took).toBeLessThan(10_000)
    await page.getByText(`And ${COUNT - 25} files more.`).waitFor()

    const seen = new Map<string, string>()
    for (let number = 1; number <= COUNT / 50; number++) {
      const { body } = await world.api.request('GET', `/assets?page=${number}&page_limit=50`)
      const { data, page_info } = body as Awaited<ReturnType<typeof world.api.assets>>
      expect(page_info.total_results).toBe(COUNT)
      for (const { filename, url } of data) seen.set(filename, await fetchSha256(url!))
    }
    expect(new Map([...seen].sort())).toEqual(sums)
  })
})
