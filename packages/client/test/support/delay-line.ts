import type { Socket } from 'node:net'

export interface LinkOptions {
  /** One way, in milliseconds; a new connection costs one round trip more. @default 0 */
  latencyMs?: number
  /** Bytes a second of one connection in one direction. @default no limit */
  connectionRate?: number
  /** Bytes a second of all connections in one direction. @default no limit */
  totalRate?: number
}

/** Most that a connection has under way and not yet confirmed, as Linux has it by default. */
const WINDOW = 4 * 1024 * 1024
/** What comes early by less than this is not worth a timer. */
const TICK_MS = 1

/** When so many more bytes are through, at a rate. */
export type Pace = (bytes: number, from: number) => number

export function createPace(bytesPerSecond = Number.POSITIVE_INFINITY): Pace {
  let free = 0
  return (bytes, from) => {
    free = Math.max(free, from) + (bytes / bytesPerSecond) * 1000
    return free
  }
}

/**
 * Carries bytes from one socket to another as a long wire does: what was sent arrives later, in
 * order, however much is under way; at most a window of it, which is free again a round trip later.
 */
export function carry(
  from: Socket,
  to: Socket,
  { latencyMs = 0, connectionRate }: LinkOptions,
  shared: Pace,
  handshakeMs: number,
): void {
  const own = createPace(connectionRate)
  const opened = performance.now() + handshakeMs
  const wire: { at: number; arrive(): void }[] = []
  let asleep = false
  let underWay = 0

  function put(at: number, arrive: () => void): void {
    wire.push({ at, arrive })
    if (!asleep) sleepUntil(at)
  }

  function sleepUntil(at: number): void {
    asleep = true
    setTimeout(run, Math.max(0, at - performance.now()))
  }

  function run(): void {
    asleep = false
    const now = performance.now()
    while (wire[0] && wire[0].at <= now + TICK_MS) wire.shift()!.arrive()
    if (wire[0]) sleepUntil(wire[0].at)
  }

  function confirm(bytes: number): void {
    underWay -= bytes
    if (underWay < WINDOW && from.isPaused()) from.resume()
  }

  from.on('data', (piece) => {
    const bytes = piece.length
    const left = shared(bytes, own(bytes, Math.max(opened, performance.now())))
    underWay += bytes
    if (underWay >= WINDOW) from.pause()
    put(left + latencyMs, () => {
      const release = () => {
        if (latencyMs === 0) confirm(bytes)
        else setTimeout(confirm, latencyMs, bytes)
      }
      if (to.destroyed) release()
      else to.write(piece, release)
    })
  })
  from.once('end', () => put(Math.max(last(), performance.now() + latencyMs), () => to.end()))
  // A reset overtakes nothing either.
  from.once('error', () => put(performance.now() + latencyMs, () => to.resetAndDestroy()))
  from.once('close', () => put(Math.max(last(), performance.now() + latencyMs), () => to.end()))

  const last = () => wire.at(-1)?.at ?? 0
}
