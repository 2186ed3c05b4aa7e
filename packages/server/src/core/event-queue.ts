import type { Change } from './ports.ts'

export interface Waiting {
  change: Change
  resumeAt: number
}

export type Next = ({ kind: 'change' } & Waiting) | { kind: 'overflow' } | { kind: 'beat' }

/**
 * What one reader has yet to be told. A reader that is slow makes it no longer: a resource waits
 * once, at the place of its last change, and when more than `most` wait, all are forgotten for
 * one `overflow`.
 */
export function createEventQueue(most: number) {
  const waiting = new Map<string, Waiting>()
  let overflown = false
  let beat = false
  let ended = false
  let wake = () => {}

  return {
    put(change: Change, resumeAt: number): void {
      // Whoever is told of the overflow looks at everything after that.
      if (overflown) return
      waiting.delete(change.id)
      waiting.set(change.id, { change, resumeAt })
      if (waiting.size > most) {
        waiting.clear()
        overflown = true
      }
      wake()
    },

    /** Asks for a sign of life. */
    beat(): void {
      beat = true
      wake()
    },

    /** Nothing is told after this. */
    end(): void {
      ended = true
      waiting.clear()
      wake()
    },

    isEnded: () => ended,

    /** What comes next, when there is something; `undefined` at the end. For one caller at a time. */
    async next(): Promise<Next | undefined> {
      for (;;) {
        if (ended) return undefined
        if (overflown) {
          overflown = false
          return { kind: 'overflow' }
        }
        const [first] = waiting
        if (first) {
          waiting.delete(first[0])
          return { kind: 'change', ...first[1] }
        }
        if (beat) {
          beat = false
          return { kind: 'beat' }
        }
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}

export type EventQueue = ReturnType<typeof createEventQueue>
