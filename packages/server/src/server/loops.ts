import type { Every } from '../core/ports.ts'

/** The `Every` of real time; it keeps no process alive. */
export const every: Every = (ms, tick) => {
  const timer = setInterval(tick, ms)
  timer.unref()
  return () => clearInterval(timer)
}

export interface Loop {
  /** Work soon, without waiting for the interval. */
  wake(): void
  /** Resolves when the work under way has ended; nothing starts after that. */
  stop(): Promise<void>
}

/**
 * Runs `work` now and then every `intervalMs`, never twice at once. A failure is reported and
 * the next round comes as usual.
 */
export function startLoop(
  intervalMs: number,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Loop {
  let stopped = false
  let again = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    do {
      again = false
      await work().catch(onError)
    } while (again && !stopped)
    running = undefined
    if (!stopped) timer = setTimeout(wake, intervalMs)
  }

  function wake(): void {
    if (stopped) return
    if (running) {
      again = true
      return
    }
    clearTimeout(timer)
    running = run()
  }

  wake()
  return {
    wake,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
