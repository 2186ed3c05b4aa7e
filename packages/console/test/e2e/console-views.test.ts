import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { writeRandomFile } from '../../../server/test/support/program-files.ts'
import { seriousProblems } from '../support/axe.ts'
import { type ConsoleWorld, openPage, shoot, startConsoleWorld } from '../support/console-world.ts'
import { furnish, SCENES } from '../support/scenes.ts'

const DESK = { width: 1280, height: 860 }
const PHONE = { width: 360, height: 740 }

/** With `SCREENSHOTS=folder`, pictures of all of it are written there. */
describe.skipIf(skipsChromium)(`every view of the console ${inChromium}`, () => {
  let world: ConsoleWorld
  let made: Awaited<ReturnType<typeof furnish>>
  beforeAll(async () => {
    world = await startConsoleWorld()
    made = await furnish(world, process.env.SCREENSHOTS ? 140 : 20)
    await writeRandomFile(join(world.folder, 'long.mp4'), 60 * MiB)
  }, 120_000)
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('would be found out by axe, were there something', async () => {
    const { page } = await openPage(world)
    await SCENES[0]!.show(world, page, made)
    await page.evaluate(() => document.querySelector('label')!.remove())
    await page.evaluate(() => document.querySelector('input')!.removeAttribute('placeholder'))
    expect(await seriousProblems(page)).toEqual([expect.stringMatching(/^label: /)])
    await page.context().close()
  })

  for (const { name, show } of SCENES) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`has nothing serious for axe: ${name}, ${colorScheme}`, async () => {
        const { page } = await openPage(world, { colorScheme, viewport: DESK })
        await show(world, page, made)
        await shoot(page, `${name}-${colorScheme}`)
        expect(await seriousProblems(page)).toEqual([])
        await page.context().close()
      })
    }

    it(`fits a phone, keeps to the policy, and has nothing serious for axe there: ${name}`, async () => {
      const { page, misdeeds } = await openPage(world, { viewport: PHONE, hasTouch: true })
      await show(world, page, made)
      await shoot(page, `${name}-phone`)
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      expect(wider).toBeLessThanOrEqual(0)
      expect(misdeeds).toEqual({ foreign: [], violations: [], errors: [] })
      expect(await seriousProblems(page)).toEqual([])
      await page.context().close()
    })
  }
})
