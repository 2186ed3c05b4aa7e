import type { Clock, Every } from './ports.ts'

/** Work that one server has taken, for as long as it keeps renewing the lease. */
export interface HeldLease {
  /** Aborts when the lease is lost or the server stops. */
  signal: AbortSignal
  /** Runs `work` with the value that proves the lease; never while it is being renewed. */
  use<T>(work: (held: number) => Promise<T>): Promise<T>
  /** No more renewals. */
  end(): Promise<void>
}

export interface LeaseDeps {
  until: number
  leaseMs: number
  clock: Clock
  every: Every
  /** Extends the lease; `false` when it is somebody else's or its subject is gone. */
  renew: (held: number, until: number) => Promise<boolean>
  stop: AbortSignal
}

export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

export function holdLease({ until, leaseMs, clock, every, renew, stop }: LeaseDeps): HeldLease {
  const lost = new AbortController()
  let held = until
  let last: Promise<unknown> = Promise.resolve()

  function use<T>(work: (held: number) => Promise<T>): Promise<T> {
    const result = last.then(() => work(held))
    last = result.catch(() => {})
    return result
  }

  const stopRenewing = every(leaseMs / 3, () => {
    // A database that does not answer is asked again at the next turn, until the lease has run out.
    use(async (current) => {
      const next = clock() + leaseMs
      if (await renew(current, next)) held = next
      else lost.abort(new LeaseLostError('the lease was lost'))
    }).catch(() => {
      if (clock() >= held) lost.abort(new LeaseLostError('the lease ran out'))
    })
  })

  return {
    signal: AbortSignal.any([stop, lost.signal]),
    use,
    async end() {
      stopRenewing()
      await last
    },
  }
}
