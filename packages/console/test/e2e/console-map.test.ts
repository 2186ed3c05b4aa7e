import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { pretendChunks } from '../support/chunks.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'
import { spreadText, traceFrames } from '../support/frames.ts'

const CHUNKS = 10_000
const WATCHED_MS = 6000
/** At 60 frames a second. */
const FRAME_MS = 1000 / 60

describe.skipIf(skipsChromium)(`a map of chunks ${inChromium}`, () => {
  let world: ConsoleWorld
  beforeAll(async () => {
    world = await startConsoleWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it(`is updated by events and pointed at without a stutter, with ${CHUNKS} of them`, async () => {
    const { upload_id: id } = await world.api.create(60 * MiB, 'long.mov')
    const { page } = await openPage(world, { viewport: { width: 1280, height: 900 } })
    await pretendChunks(page, CHUNKS)
    await enter(world, page, `#/uploads/${id}`)
    await page.getByText('1 failed').waitFor()
    await page.waitForFunction(() => window.completed > 300)

    const updated = await traceFrames(page, () => page.waitForTimeout(WATCHED_MS))
    const box = (await page.locator('canvas').boundingBox())!
    const pointed = await traceFrames(page, async () => {
      const until = performance.now() + WATCHED_MS
      for (let i = 0; performance.now() < until; i++) {
        await page.mouse.move(box.x + ((i * 5) % box.width), box.y + ((i * 3) % box.height))
      }
    })
    await page.mouse.move(0, 0)
    for (const [what, { interval, work, count }] of [
      ['updated', updated],
      ['pointed at', pointed],
    ] as const) {
      console.log(
        `a map of ${CHUNKS} chunks, ${what}: a frame every ${spreadText(interval)}; work in a frame ${spreadText(work)}; ${count} frames`,
      )
    }
    for (const { interval, work } of [updated, pointed]) {
      // 60 a second. Those that come late are printed only: others may take the processor.
      expect(interval.median).toBeLessThan(17.5)
      // Half of it is for slower machines.
      expect(work.p95).toBeLessThan(FRAME_MS / 2)
    }

    // What is drawn is what was told: the pixels of the first and of the last cell.
    const [told] = await page.locator('.legend-item.completed').allTextContents()
    expect(Number.parseInt(told!.replace(',', ''), 10)).toBeGreaterThan(300)
    const colours = await page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const context = canvas.getContext('2d')!
      const pixel = (x: number, y: number) =>
        [...context.getImageData(x, y, 1, 1).data.slice(0, 3)].join()
      const { width, height } = canvas
      const failed = 'rgb(208,54,44)'
      const found = new Set<string>()
      for (let x = 1; x < width; x += 1) found.add(`rgb(${pixel(x, height - 3)})`)
      return { first: `rgb(${pixel(1, 1)})`, lastRowHasFailed: found.has(failed) }
    })
    expect(colours).toEqual({ first: 'rgb(20,128,120)', lastRowHasFailed: true })
  })

  it.each([12, CHUNKS])('shows which of %i is pointed at, and then no more', async (chunks) => {
    const { upload_id: id } = await world.api.create(60 * MiB, 'still.mov')
    const { page } = await openPage(world, { viewport: { width: 1280, height: 900 } })
    await pretendChunks(page, chunks)
    await enter(world, page, `#/uploads/${id}`)
    await page.evaluate((count) => {
      window.completed = count
    }, chunks)
    await page
      .getByText(`${(chunks - 1).toLocaleString('en')} completed`, { exact: true })
      .waitFor()
    const before = await page.locator('canvas').evaluateHandle(pixelsOf)
    /** How much clearly is not as before; corners may differ a little. */
    const others = async () => {
      const now = await page.locator('canvas').evaluateHandle(pixelsOf)
      return before.evaluate(
        (was, is) => was.filter((value, i) => Math.abs(value - is[i]!) > 32).length,
        now,
      )
    }
    await page.locator('canvas').focus()
    for (const key of ['Home', 'ArrowRight', 'End']) {
      await page.keyboard.press(key)
      await expect.poll(others, { message: key }).toBeGreaterThan(0)
    }
    await page.keyboard.press('Escape')
    await expect.poll(others).toBe(0)
  })
})

/** Once what was asked for is painted. Colours count for as much as they cover. */
async function pixelsOf(canvas: HTMLCanvasElement): Promise<number[]> {
  for (let frames = 0; frames < 10; frames++) await new Promise(requestAnimationFrame)
  const { width, height } = canvas
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height)
  return Array.from(data, (value, i) => (i % 4 === 3 ? value : (value * data[i | 3]!) / 255))
}
