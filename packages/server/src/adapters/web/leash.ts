/** What ends a fetch from outside: the caller's signal, or a deadline. */
export interface Leash {
  /** Aborts when the fetch is over, for whatever reason; everything it opened listens to it. */
  signal: AbortSignal
  /** As `work`, or rejects with the signal's reason when that comes first. */
  hold<T>(work: Promise<T>): Promise<T>
  /** Takes the deadline away. */
  relax(): void
  /** Closes whatever is open and lets go of the caller's signal. */
  end(): void
}

/**
 * @param ms the deadline: a total, so that answering slowly does not extend it
 * @param late the reason when it has passed
 */
export function createLeash(outer: AbortSignal, ms: number, late: () => Error): Leash {
  const controller = new AbortController()
  const { signal } = controller
  const timer = setTimeout(() => end(late()), ms)
  const follow = () => end(outer.reason)

  function end(reason?: unknown): void {
    clearTimeout(timer)
    outer.removeEventListener('abort', follow)
    controller.abort(reason)
  }

  outer.addEventListener('abort', follow)
  if (outer.aborted) follow()
  return {
    signal,
    hold(work) {
      return new Promise((resolve, reject) => {
        const stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop)
        if (signal.aborted) stop()
        work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
      })
    },
    relax: () => clearTimeout(timer),
    end: () => end(),
  }
}
