export interface Repeats {
  isRepeatable(error: unknown): boolean
  wait(ms: number): Promise<unknown>
  /** From 0 up to 1. */
  random(): number
}

/** Before each repetition, on average: long enough for whoever was in the way, and a second in all. */
const WAITS_MS = [20, 60, 200, 600]

/** Calls until it works, five times at most, as long as what goes wrong may be repeated. */
export async function repeating<T>(
  call: () => Promise<T>,
  { isRepeatable, wait, random }: Repeats,
): Promise<T> {
  for (const ms of WAITS_MS) {
    try {
      return await call()
    } catch (error) {
      if (!isRepeatable(error)) throw error
    }
    // Different for each, so that those who collided do not meet again.
    await wait(ms * (0.5 + random()))
  }
  return call()
}
