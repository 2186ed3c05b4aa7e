import { EXIT } from '../exit.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface Interruption extends Disposable {
  /** Aborts with the first Ctrl-C. */
  signal: AbortSignal
}

/** The first Ctrl-C asks the work to stop; the second ends the program, after `leave`. */
export function onInterrupt(leave: () => void): Interruption {
  const stop = new AbortController()
  const onSignal = () => {
    if (stop.signal.aborted) {
      leave()
      process.exit(EXIT.interrupted)
    }
    stop.abort(new Error('interrupted'))
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  return {
    signal: stop.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, onSignal)
    },
  }
}
