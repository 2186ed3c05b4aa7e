import type { Page } from 'playwright-core'

/** Milliseconds, over all frames that were looked at. */
export interface Spread {
  median: number
  p95: number
  worst: number
}

export interface FrameFigures {
  count: number
  /** From one frame to the next. */
  interval: Spread
  /**
   * What the page's main thread did from one frame to the next: script, style, layout, paint. Time in
   * which it ran, so that it does not matter what else the machine does.
   */
  work: Spread
}

/** Looks at the frames of a page in a performance trace, for as long as `act` takes. */
export async function traceFrames(page: Page, act: () => Promise<unknown>): Promise<FrameFigures> {
  const browser = page.context().browser()!
  await browser.startTracing(page, { categories: CATEGORIES })
  const watch = await watchFrames(page)
  await act()
  const interval = spreadOf(await watch.evaluate((stop) => stop()))
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as Trace
  const work = workOf(traceEvents)
  return { count: work.length, interval, work: spreadOf(work) }
}

/** `median 16.7 ms, p95 16.8 ms, worst 16.9 ms` */
export const spreadText = (spread: Spread): string =>
  Object.entries(spread)
    .map(([name, ms]) => `${name} ${ms.toFixed(1)} ms`)
    .join(', ')

const CATEGORIES = ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel']

interface Trace {
  traceEvents: TraceEvent[]
}

/** Of the trace event format; times are microseconds. */
interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  /** How long the thread ran in it. */
  tdur?: number
}

/** Asks for every frame, and gives what ends that and tells the times between them. */
const watchFrames = (page: Page) =>
  page.evaluateHandle(() => {
    const times: number[] = []
    let frame = requestAnimationFrame(function next(at) {
      times.push(at)
      frame = requestAnimationFrame(next)
    })
    return () => {
      cancelAnimationFrame(frame)
      return times.slice(1).map((time, i) => time - times[i]!)
    }
  })

/** What the thread that drew the frames did in each of them. */
function workOf(events: TraceEvent[]): number[] {
  const frames = events.filter(({ name, ph }) => name === 'AnimationFrame' && ph === 'b')
  const begins = frames.map(({ ts }) => ts).sort((a, b) => a - b)
  const [{ pid, tid } = { pid: 0, tid: 0 }] = frames
  const work = begins.slice(1).map(() => 0)
  for (const task of events) {
    if (task.name !== 'RunTask' || task.pid !== pid || task.tid !== tid) continue
    const frame = begins.findLastIndex((begin) => begin <= task.ts)
    if (frame >= 0 && frame < work.length) work[frame]! += (task.tdur ?? 0) / 1000
  }
  return work
}

function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]!
  return { median: at(0.5), p95: at(0.95), worst: at(1) }
}
