/** What one check of an installation came to. */
export interface Finding {
  check: string
  /** `skipped`: something that it rests on failed. */
  outcome: 'ok' | 'warning' | 'failed' | 'skipped'
  /** One line. */
  found: string
  /** What to run or set; with every warning and failure. */
  remedy?: string
}

/** Within this, whatever works has answered. */
export const PATIENCE_MS = 10_000

class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError'
}

/** The outcome of `work`, which is no longer waited for when time is up. */
export async function within<T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms = PATIENCE_MS,
): Promise<T> {
  const ending = new AbortController()
  const late = new NoAnswerError(`no answer within ${ms / 1000} s`)
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      ending.abort(late)
      reject(late)
    }, ms)
  })
  try {
    return await Promise.race([work(ending.signal), over])
  } finally {
    clearTimeout(timer)
  }
}

/** Signatures and URLs end before or after their time when clocks differ by more. */
const SKEW_WARNING_MS = 30_000
/** Amazon refuses 15 minutes; the SDK notices 4 and corrects what it signs itself. */
const SKEW_FAILURE_MS = 5 * 60_000

/** @param aheadMs how much later it is there than here */
export function clockFinding(check: string, aheadMs: number, there: string): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const found =
    seconds === 0
      ? `it is the same time at ${there} and here`
      : `it is ${seconds} s ${aheadMs > 0 ? 'later' : 'earlier'} at ${there} than here`
  const differs = Math.abs(aheadMs)
  if (differs <= SKEW_WARNING_MS) return { check, outcome: 'ok', found }
  return {
    ...{ check, outcome: differs > SKEW_FAILURE_MS ? 'failed' : 'warning', found },
    remedy: `${SET_CLOCK}\nIf this machine is right, the same on ${there}.`,
  }
}

/** Of Debian and all others with systemd; chrony where there is none. */
export const SET_CLOCK =
  'timedatectl set-ntp true      # or: apt-get install -y chrony && chronyc makestep'
