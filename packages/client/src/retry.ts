import { UploadError } from './error.ts'

/** How often and how long to try again. */
export interface RetryPolicy {
  /** Tries after the first. @default 4 */
  limit: number
  /** Milliseconds before the first repetition; doubled each time. @default 300 */
  baseMs: number
  /** Longest pause in milliseconds. @default 10_000 */
  maxMs: number
}

export const DEFAULT_RETRY: RetryPolicy = { limit: 4, baseMs: 300, maxMs: 10_000 }

/** Repeats `attempt` while its error is retryable; full jitter, and `Retry-After` is obeyed as it is. */
export async function withRetry<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const again = error instanceof UploadError && error.retryable && tries < policy.limit
      if (!again || signal?.aborted) throw error
      const jittered = Math.random() * Math.min(policy.maxMs, policy.baseMs * 2 ** tries)
      await sleep(error.retryAfterMs ?? jittered, signal)
    }
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', aborted, { once: true })
    function done() {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }
    function aborted() {
      clearTimeout(timer)
      reject(signal?.reason)
    }
  })
}
