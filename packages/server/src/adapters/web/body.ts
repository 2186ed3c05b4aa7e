import type { IncomingMessage } from 'node:http'
import { hiccup, refusal } from './errors.ts'
import type { Leash } from './leash.ts'

interface Bounds {
  host: string
  /** Bytes that have to come, where known. */
  length: number | undefined
  /** How long nothing may come while somebody waits for it. */
  stallTimeoutMs: number
}

/**
 * The bytes of an answer as they come. Whoever leaves, even before the first, closes the connection.
 *
 * @param signal the caller's; its reason is thrown when it aborts
 */
export function bodyOf(
  response: IncomingMessage,
  bounds: Bounds,
  leash: Leash,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const bytes = read(response, bounds, leash, signal)
  const iterator: AsyncIterator<Uint8Array> = {
    next: () => bytes.next(),
    // A generator that was not started does not come to its `finally`.
    return() {
      leash.end()
      return bytes.return(undefined)
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

async function* read(
  response: IncomingMessage,
  { host, length, stallTimeoutMs }: Bounds,
  leash: Leash,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  const pieces: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]()
  const ended = (cause?: unknown) =>
    hiccup(`The connection to ${host} ended before the file did.`, cause)
  let received = 0

  /** Times only the waiting: a reader who takes long is not the other side's fault. */
  async function next() {
    let stalled = false
    const timer = setTimeout(() => {
      stalled = true
      response.destroy()
    }, stallTimeoutMs)
    try {
      return await pieces.next()
    } catch (error) {
      signal.throwIfAborted()
      throw stalled ? hiccup(`${host} sent nothing for too long.`) : ended(error)
    } finally {
      clearTimeout(timer)
    }
  }

  try {
    while (received !== length) {
      signal.throwIfAborted()
      const { done, value } = await next()
      if (done) break
      received += value.byteLength
      if (received > (length ?? Infinity)) throw refusal(`${host} sent more than it announced.`)
      // All is here. Readers who count stop now, and never ask for the end.
      if (received === length) leash.end()
      yield value
    }
    if (received < (length ?? 0)) throw ended()
  } finally {
    leash.end()
  }
  return undefined
}
