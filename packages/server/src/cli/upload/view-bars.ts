import { basename } from 'node:path'
import cliProgress from 'cli-progress'
import { printable } from '../text.ts'
import type { FileEvent, Progress } from './events.ts'
import { noteText, outcomeText, percentOf, rateText } from './texts.ts'
import type { View } from './view.ts'

const NAME_WIDTH = 24
const BAR_WIDTH = 24

// What terminals are told by. Bars are cut off at the edge; what came of a file must be whole.
const CLEAR_BELOW = '\x1b[J'
const WRAP = '\x1b[?7h'
const NO_WRAP = '\x1b[?7l'

interface Lane {
  bar: cliProgress.SingleBar
  /** Whose line it is; `undefined` when it is free for the next file. */
  file: string | undefined
}

/** A line for every file under way, and above them what came of the others. */
export function barsView(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): View {
  const bars = new cliProgress.MultiBar({
    format: (_options, _params, payload: { text: string }) => payload.text,
    stream: stderr,
    ...{ hideCursor: true, linewrap: false, clearOnComplete: true, fps: 5 },
    // What is written above the bars moves them down, also those whose text is the same.
    forceRedraw: true,
    // We end by signals ourselves.
    gracefulExit: false,
  })
  const lanes: Lane[] = []

  function laneOf(file: string): Lane {
    const found = lanes.find((lane) => lane.file === file) ?? lanes.find((lane) => !lane.file)
    if (found) {
      found.file = file
      return found
    }
    const lane = { bar: bars.create(1, 0, { text: '' }), file }
    lanes.push(lane)
    return lane
  }

  const draw = (file: string, text: string) =>
    laneOf(file).bar.update({ text: `${nameOf(file)} ${text}` })

  function free(file: string): void {
    const lane = lanes.find((candidate) => candidate.file === file)
    if (!lane) return
    lane.file = undefined
    lane.bar.update({ text: '' })
  }

  /** Above the bars if they are on the same terminal. */
  function write(stream: NodeJS.WriteStream, text: string): void {
    if (stream.isTTY && bars.isActive) bars.log(`${CLEAR_BELOW}${WRAP}${text}\n${NO_WRAP}`)
    else stream.write(`${text}\n`)
  }

  function showBar(event: FileEvent): void {
    const { file } = event
    if (event.event === 'progress') draw(file, progressText(event))
    else if (event.event === 'processing') draw(file, 'uploaded, being processed …')
    else if (/^(uploaded|ready|failed|paused)$/.test(event.event)) free(file)
  }

  return {
    show(event) {
      showBar(event)
      const outcome = outcomeText(event)
      if (outcome !== undefined) write(stdout, outcome)
      const note = noteText(event)
      if (note !== undefined) write(stderr, note)
    },
    note: (text) => write(stderr, text),
    say: (text) => write(stdout, text),
    close() {
      if (!bars.isActive) return
      // What was written last is not shown by `stop`.
      bars.update()
      bars.stop()
    },
  }
}

function progressText(event: Progress): string {
  if (event.phase === 'checking') return 'comparing with what was sent before …'
  const done = Math.round((BAR_WIDTH * event.sent) / event.size)
  const bar = '█'.repeat(done) + '░'.repeat(BAR_WIDTH - done)
  return `${bar} ${String(percentOf(event)).padStart(3)} % ${rateText(event)}`
}

/** As wide as all others, with the end of the name, where files differ and the extension is. */
function nameOf(path: string): string {
  const name = printable(basename(path))
  return (name.length > NAME_WIDTH ? `…${name.slice(1 - NAME_WIDTH)}` : name).padEnd(NAME_WIDTH)
}
