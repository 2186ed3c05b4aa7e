import type { UploadPhase, UploadProgress } from './types.ts'

/** How far back the rate looks, in milliseconds. */
const MEMORY_MS = 10_000
/** Between two calls of a listener, in milliseconds; what ends a phase is told at once. */
const PAUSE_MS = 100

export interface Meter {
  /** As it is now. */
  read(): UploadProgress
  enter(phase: UploadPhase): void
  /** So many bytes more are confirmed by the store. */
  acknowledge(bytes: number): void
  /** So many bytes are confirmed in all; after a break. */
  restart(acknowledged: number): void
  /** Bytes of what is under way that have left; by whatever names it, so that repeats replace. */
  sending(name: symbol, bytes: number): void
  /** What is no longer under way. */
  settle(name: symbol): void
  /** Calls `listener` with every change, at most ten times a second. Returns how to stop. */
  listen(listener: (progress: UploadProgress) => void): () => void
}

/** Adds up what is confirmed and what is under way, and never goes back. */
export function createMeter(total: number, now: () => number): Meter {
  const underWay = new Map<symbol, number>()
  const listeners = new Set<(progress: UploadProgress) => void>()
  let phase: UploadPhase = 'starting'
  let acknowledged = 0
  let sent = 0
  /** At most one for every pause. */
  let samples: { at: number; sent: number }[] = []
  let told = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined

  function read(): UploadProgress {
    const first = samples[0]
    const last = samples.at(-1)
    const span = first && last ? last.at - first.at : 0
    const rate = phase === 'sending' && span > 0 ? ((last!.sent - first!.sent) * 1000) / span : 0
    const secondsLeft = rate > 0 ? (total - sent) / rate : undefined
    return { phase, total, acknowledged, sent, rate, secondsLeft }
  }

  function changed(): void {
    let sum = acknowledged
    for (const bytes of underWay.values()) sum += bytes
    sent = Math.min(total, Math.max(sent, sum))
    const at = now()
    const last = samples.at(-1)
    if (phase === 'sending' && (!last || at - last.at >= PAUSE_MS)) {
      samples.push({ at, sent })
      while (at - samples[0]!.at > MEMORY_MS) samples.shift()
    }
    if (at - told >= PAUSE_MS) tell()
    else timer ??= setTimeout(tell, PAUSE_MS)
  }

  function tell(): void {
    clearTimeout(timer)
    timer = undefined
    told = now()
    const progress = read()
    for (const listener of listeners) {
      try {
        listener(progress)
      } catch {
        // Whoever only looks must not be able to break what is looked at.
      }
    }
  }

  return {
    read,
    enter(next) {
      if (next !== phase) samples = []
      phase = next
      changed()
      tell()
    },
    acknowledge(bytes) {
      acknowledged = Math.min(total, acknowledged + bytes)
      changed()
    },
    restart(bytes) {
      underWay.clear()
      acknowledged = bytes
      changed()
    },
    sending(name, bytes) {
      underWay.set(name, bytes)
      changed()
    },
    settle(name) {
      underWay.delete(name)
    },
    listen(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) clearTimeout(timer)
      }
    },
  }
}
