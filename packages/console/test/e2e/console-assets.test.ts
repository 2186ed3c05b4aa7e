import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

describe.skipIf(skipsChromium)(`assets that others change ${inChromium}`, () => {
  let world: ConsoleWorld
  let page: Page
  beforeAll(async () => {
    world = await startConsoleWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    ;({ page } = await openPage(world))
  })
  afterEach(() => page?.context().close())

  it('are asked for a few times, however many are told', async () => {
    await enter(world, page, '#/assets')
    await page.getByText('No assets yet').waitFor()
    await page.getByRole('img', { name: /^Live/ }).waitFor()
    let asked = 0
    page.on('request', (request) => {
      if (request.url().includes('/v1.3/assets?')) asked += 1
    })
    const names = Array.from({ length: 40 }, (_, i) => `many-${i}.mp4`)
    for (const name of names) await world.api.create(CHUNK, name)
    await page.getByRole('link', { name: names.at(-1)! }).waitFor()
    await page.getByText('40 assets').waitFor()
    expect(asked).toBeLessThan(15)
  })
})
