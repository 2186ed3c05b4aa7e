import { sleep } from '../retry.ts'

/** Lets bytes go at a rate. */
export interface Throttle {
  /** Most bytes that one connection takes at once: of many that take turns none waits for long. */
  slice: number
  /** Resolves when so many more may leave. */
  take(bytes: number, signal: AbortSignal): Promise<void>
}

/** Connections that take this many turns in a second are no burden. */
const TURNS = 8
const LEAST_SLICE = 16 * 1024

/** @param bytesPerSecond `undefined`: at any rate */
export function createThrottle(bytesPerSecond: number | undefined): Throttle {
  if (bytesPerSecond === undefined) {
    return { slice: Number.POSITIVE_INFINITY, take: async () => {} }
  }
  let free = performance.now()
  return {
    slice: Math.max(LEAST_SLICE, Math.floor(bytesPerSecond / TURNS)),
    async take(bytes, signal) {
      const now = performance.now()
      // What was not used is lost: a pause must not be followed by a flood.
      const start = Math.max(free, now)
      const duration = (bytes / bytesPerSecond) * 1000
      free = start + duration
      if (start <= now) return
      try {
        await sleep(start - now, signal)
      } catch (error) {
        // Who does not go lets the next one go.
        free -= duration
        throw error
      }
    },
  }
}
