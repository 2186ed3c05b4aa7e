import { sleep } from '../retry.ts'

/** Lets bytes go at a rate; `undefined`: at any. Resolves when so many more may leave. */
export function createThrottle(bytesPerSecond: number | undefined) {
  if (bytesPerSecond === undefined) return async () => {}
  let free = performance.now()
  return async (bytes: number, signal: AbortSignal): Promise<void> => {
    const now = performance.now()
    // What was not used is lost: a pause must not be followed by a flood.
    const start = Math.max(free, now)
    free = start + (bytes / bytesPerSecond) * 1000
    if (start > now) await sleep(start - now, signal)
  }
}

export type Throttle = ReturnType<typeof createThrottle>
