import cliProgress from 'cli-progress'
import { formatSize } from '../text.ts'
import { percentOf, rateText } from '../upload/texts.ts'
import type { MoveEvent, Progress } from './events.ts'
import { doneText, failedText, planText, STOPPED, uploadsText } from './texts.ts'

export interface MoveView {
  show(event: MoveEvent): void
  /** Leaves the terminal as it was found. */
  close(): void
}

/** JSON lines, a bar on a terminal, else plain lines. */
export function createMoveView(json: boolean): MoveView {
  if (json) {
    const due = every(1000)
    return {
      show: (event) => {
        if (event.event !== 'progress' || due(event)) console.log(JSON.stringify(event))
      },
      close: () => {},
    }
  }
  return process.stderr.isTTY ? barView() : linesView()
}

/** A line with every ten percent, and after half a minute. */
function linesView(): MoveView {
  const due = every(30_000, 10)
  return {
    show(event) {
      if (event.event !== 'progress') showText(event)
      else if (due(event)) console.error(progressText(event))
    },
    close: () => {},
  }
}

const BAR_WIDTH = 30

function barView(): MoveView {
  const bars = new cliProgress.MultiBar({
    format: (_options, _params, payload: { text: string }) => payload.text,
    ...{ hideCursor: true, linewrap: false, clearOnComplete: true, fps: 5 },
    // We end by signals ourselves.
    gracefulExit: false,
  })
  let bar: cliProgress.SingleBar | undefined

  function close(): void {
    if (bars.isActive) bars.stop()
  }

  return {
    show(event) {
      if (event.event === 'progress') {
        bar ??= bars.create(1, 0, { text: '' })
        const done = Math.round((BAR_WIDTH * event.moved) / Math.max(event.size, 1))
        const drawn = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done)
        return bar.update({ text: `${drawn} ${progressText(event)}` })
      }
      if (event.event === 'failed' && bars.isActive) return bars.log(`${failedText(event)}\n`)
      if (event.event !== 'moved') close()
      showText(event)
    },
    close,
  }
}

/** Outcomes on standard output, everything else on standard error. */
function showText(event: Exclude<MoveEvent, Progress>): void {
  if (event.event === 'plan') {
    console.log(planText(event))
    if (event.uploads.length > 0) console.error(uploadsText(event.uploads))
  } else if (event.event === 'failed') console.error(failedText(event))
  else if (event.event === 'done') console.log(doneText(event))
  else if (event.event === 'stopped') console.error(STOPPED)
}

function progressText(event: Progress): string {
  const { moved, size } = event
  const percent = size === 0 ? 100 : percentOf({ sent: moved, size })
  const rate = rateText(event)
  const of = `${formatSize(moved)} of ${formatSize(size)}`
  return `${percent} %, ${of}${rate === '' ? '' : `, ${rate}`}`
}

/** Whether it is time to tell of progress again: after `ms`, or with every so many percent. */
function every(ms: number, percent?: number) {
  let at = performance.now()
  let step = 0
  return ({ moved, size }: Progress): boolean => {
    const reached = percent && size > 0 ? Math.floor((100 * moved) / size / percent) : step
    if (reached === step && performance.now() - at < ms) return false
    at = performance.now()
    step = reached
    return true
  }
}
