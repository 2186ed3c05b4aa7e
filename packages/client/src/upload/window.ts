/** How many chunks may be under way. */
export interface Window {
  limit(): number
  /** A chunk was stored. */
  stored(bytes: number, milliseconds: number): void
  /** The other side had enough, or a connection broke. */
  trouble(): void
}

const START = 3
/** Faster by this factor is faster, and not chance. */
const GAIN = 1.08
/** Rounds at one level before another is tried. */
const REST = 4
/** A round that took longer than this many times the best is congestion. */
const LATE = 2.5

export const fixedWindow = (limit: number): Window => ({
  limit: () => limit,
  stored: () => {},
  trouble: () => {},
})

/**
 * Climbs while climbing makes the whole faster: quickly at first, one step at a time later. A step
 * that brings nothing is taken back. Half of it goes when the other side has enough.
 *
 * @param most never more than this
 * @param now milliseconds
 */
export function autoWindow(most: number, now: () => number): Window {
  let limit = Math.min(START, most)
  let climbing = true
  let probing = false
  let rested = 0
  let best = { rate: 0, latency: Number.POSITIVE_INFINITY }
  let round = newRound()

  function newRound() {
    return { started: now(), bytes: 0, chunks: 0, latency: 0 }
  }

  function move(to: number): void {
    limit = Math.max(1, Math.min(most, to))
  }

  function endRound(): void {
    const rate = round.bytes / Math.max(1, now() - round.started)
    const latency = round.latency / round.chunks
    const faster = rate > best.rate * GAIN
    const congested = !faster && latency > best.latency * LATE
    if (congested) {
      climbing = false
      probing = false
      move(limit - 1)
    } else if (climbing) {
      if (faster) move(limit + Math.max(1, limit >> 1))
      else climbing = false
    } else if (probing) {
      probing = false
      if (!faster) move(limit - 1)
    } else if (++rested >= REST && limit < most) {
      rested = 0
      probing = true
      move(limit + 1)
    }
    best = {
      // What was best an hour ago says little of now.
      rate: Math.max(rate, best.rate * 0.95),
      latency: Math.min(latency, best.latency * 1.05),
    }
    round = newRound()
  }

  return {
    limit: () => limit,
    stored(bytes, milliseconds) {
      round.bytes += bytes
      round.chunks += 1
      round.latency += milliseconds
      if (round.chunks >= limit) endRound()
    },
    trouble() {
      climbing = false
      probing = false
      rested = 0
      move(limit >> 1)
      round = newRound()
    },
  }
}
