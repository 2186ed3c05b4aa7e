import { formatSize, printable } from '../text.ts'
import type { FileEvent, Progress } from './events.ts'
import { noteText, outcomeText, percentOf, rateText } from './texts.ts'
import type { View } from './view.ts'

/** A line is due with every so many percent, and after so many milliseconds. */
const STEP = 10
const PAUSE_MS = 30_000

/** Plain lines for logs: outcomes on standard output, everything else on standard error. */
export function linesView(): View {
  const told = new Map<string, { step: number; at: number }>()

  function begin(file: string, sent: number, size: number): void {
    const step = Math.floor(percentOf({ sent, size }) / STEP)
    told.set(file, { step, at: performance.now() })
  }

  function progressLine(event: Progress): string | undefined {
    const before = told.get(event.file)
    if (!before || event.phase !== 'sending' || event.sent >= event.size) return undefined
    const percent = percentOf(event)
    const step = Math.floor(percent / STEP)
    if (step === before.step && performance.now() - before.at < PAUSE_MS) return undefined
    begin(event.file, event.sent, event.size)
    const rate = rateText(event)
    return `${printable(event.file)}: ${percent} %${rate === '' ? '' : `, ${rate}`}`
  }

  function besides(event: FileEvent): string | undefined {
    if (event.event === 'progress') return progressLine(event)
    if (event.event === 'started') begin(event.file, 0, event.size)
    if (event.event === 'resumed') begin(event.file, event.resumed_size, event.size)
    if (event.event !== 'started') return noteText(event)
    return `${printable(event.file)}: started, ${formatSize(event.size)}`
  }

  return {
    show(event) {
      const outcome = outcomeText(event)
      if (outcome !== undefined) return console.log(outcome)
      const text = besides(event)
      if (text !== undefined) console.error(text)
    },
    note: (text) => console.error(text),
    say: (text) => console.log(text),
    close: () => {},
  }
}
