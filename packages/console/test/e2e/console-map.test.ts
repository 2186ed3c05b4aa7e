import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { MiB } from '../../../server/test/support/program-api.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'

const CHUNKS = 10_000
const WATCHED_MS = 6000

declare global {
  interface Window {
    /** Chunks of the map that are completed, as the page is answered. */
    completed: number
  }
}

describe.skipIf(skipsChromium)(`a map of ${CHUNKS} chunks ${inChromium}`, () => {
  let world: ConsoleWorld
  beforeAll(async () => {
    world = await startConsoleWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('is updated by events without a stutter', async () => {
    const { upload_id: id } = await world.api.create(60 * MiB, 'long.mov')
    const { page } = await openPage(world, { viewport: { width: 1280, height: 900 } })
    // The server's answers for an upload of that many chunks, and its events, ten a second.
    await page.addInitScript((count) => {
      window.completed = 0
      const ask = window.fetch
      const json = (body: unknown) => Promise.resolve(Response.json(body))
      const summary = () => ({
        ...{
          upload_id: '',
          asset_id: '',
          filename: 'long.mov',
          status: 'active',
          uploaded_chunks: [],
        },
        ...{ total_size: count * 2 ** 29, chunk_size: 2 ** 29, total_chunks: count },
        ...{ chunks_completed: window.completed, uploaded_size: window.completed * 2 ** 29 },
        ...{ created_at: new Date().toISOString(), expires_at: '2099-01-01T00:00:00Z' },
      })
      window.fetch = (input, init) => {
        const { pathname } = new URL(String(input), location.href)
        const [, upload, map] = /multipart-uploads\/(\w+)(\/chunk-map)?$/.exec(pathname) ?? []
        if (pathname === '/v1.3/events') {
          const stream = new ReadableStream<string>({
            start(events) {
              events.enqueue('event: ready\nid: 1\ndata: {}\n\n')
              setInterval(() => {
                const { pathname: place } = new URL(location.hash.slice(1), location.href)
                const upload_id = place.split('/').at(-1)
                // Every third chunk first, so that there are many ranges.
                window.completed = Math.min(count, window.completed + 60)
                events.enqueue(
                  `event: upload\nid: 1\ndata: ${JSON.stringify({ ...summary(), upload_id })}\n\n`,
                )
              }, 100)
            },
          })
          return Promise.resolve(new Response(stream.pipeThrough(new TextEncoderStream())))
        }
        if (upload && map) {
          const completed: [number, number][] = []
          for (let i = 0; i < window.completed; i++) {
            const index = ((i * 3) % count) + 1 + Math.floor((i * 3) / count)
            completed.push([index, index])
          }
          return json({ ...summary(), upload_id: upload, completed, failed: [[count, count]] })
        }
        if (upload) return json({ ...summary(), upload_id: upload })
        return ask(input, init)
      }
    }, CHUNKS)
    await enter(world, page, `#/uploads/${id}`)
    await page.getByText('1 failed').waitFor()
    await page.waitForFunction(() => window.completed > 300)

    const frames = await page.evaluate(
      (ms) =>
        new Promise<number[]>((resolve) => {
          const times: number[] = []
          const until = performance.now() + ms
          const next = (at: number) => {
            times.push(at)
            if (at < until) requestAnimationFrame(next)
            else resolve(times.slice(1).map((time, i) => time - times[i]!))
          }
          requestAnimationFrame(next)
        }),
      WATCHED_MS,
    )
    const sorted = frames.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!
    const figures = { median: at(0.5), p95: at(0.95), worst: at(1) }
    const text = Object.entries(figures).map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`)
    console.log(`a frame of a map of ${CHUNKS} chunks: ${text.join(', ')}, ${frames.length} frames`)
    expect(figures.median).toBeLessThan(20)

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
})
