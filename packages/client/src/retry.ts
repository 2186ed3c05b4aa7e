import { UploadError } from './error.ts'

/** How often and how long to try again. */
export interface RetryPolicy {
  /** Tries after the first. */
  limit: number
  /** Longest pause before the first repetition, in milliseconds; doubled each time. */
  baseMs: number
  /** Longest pause of all, in milliseconds. */
  maxMs: number
}

/** For single calls: someone is waiting for the answer. */
export const QUICK_RETRY: RetryPolicy = { limit: 2, baseMs: 300, maxMs: 10_000 }

/** Within an upload: it outlives a restart of the server, and more is lost by giving up. */
export const PATIENT_RETRY: RetryPolicy = { limit: 11, baseMs: 300, maxMs: 15_000 }

/** A server that asks for more is not waited for in full. */
const MAX_RETRY_AFTER_MS = 60_000

export interface RetryOptions {
  policy: RetryPolicy
  signal?: AbortSignal | undefined
  /** Told of every failure that is followed by another try. */
  onRetry?: (error: UploadError) => void
}

/** Repeats `attempt` while its error is retryable; full jitter, and never sooner than `Retry-After` says. */
export async function withRetry<T>(
  { policy, signal, onRetry }: RetryOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const again = error instanceof UploadError && error.retryable && tries < policy.limit
      if (!again || signal?.aborted) throw error
      onRetry?.(error)
      const jittered = Math.random() * Math.min(policy.maxMs, policy.baseMs * 2 ** tries)
      const wait = Math.max(jittered, error.retryAfterMs ?? 0)
      await sleep(Math.min(wait, MAX_RETRY_AFTER_MS), signal)
    }
  }
}

export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
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

/** What `promise` resolves with, unless `signal` aborts first: some things never come to an end. */
export function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
