import { type ReadonlySignal, signal } from '@preact/signals'

export interface LoadState<T> {
  /** The latest that is known. */
  data?: T
  /** Why the last try failed. */
  error?: unknown
}

export interface Loader<T> {
  state: ReadonlySignal<LoadState<T>>
  /** Loads again, when what is under way is over; what is there stays until the answer has come. */
  reload(): void
  /** Puts in what is known without asking; also into the answer that is under way. */
  change(change: (data: T) => T): void
  /** Whatever is still to come counts for nothing. */
  stop(): void
}

/** Keeps what was loaded, and what was told since. One request at a time, however slow the answers. */
export function createLoader<T>(load: () => Promise<T>): Loader<T> {
  const state = signal<LoadState<T>>({})
  let stopped = false
  let again = false
  /**
   * Since the load that is under way was begun. Its answer may be from before them, so they are made
   * again; where it is from after, whatever made it so is still to be told.
   */
  let changes: ((data: T) => T)[] | undefined

  function reload(): void {
    if (changes) {
      again = true
      return
    }
    const told: ((data: T) => T)[] = []
    changes = told
    const settle = (outcome: () => LoadState<T>) => {
      if (stopped) return
      changes = undefined
      state.value = outcome()
      if (again) reload()
    }
    again = false
    load().then(
      (answer) => settle(() => ({ data: told.reduce((data, change) => change(data), answer) })),
      (error) => settle(() => ({ ...state.value, error })),
    )
  }

  return {
    state,
    reload,
    change(change) {
      changes?.push(change)
      const { data } = state.value
      if (data !== undefined) state.value = { ...state.value, data: change(data) }
    },
    stop() {
      stopped = true
    },
  }
}
