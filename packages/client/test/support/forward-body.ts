import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Fault } from './faults.ts'

/** Passes a body on as it comes, up to where the fault says, and does then what it says. */
export async function forwardBody(
  body: Readable,
  onward: ClientRequest,
  fault: Fault | undefined,
  client: Socket,
): Promise<void> {
  const limit = fault?.kind === 'cutRequest' || fault?.kind === 'stallRequest' ? fault.after : -1
  let at = 0
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      const reached = limit >= 0 && at + piece.byteLength >= limit
      const bytes = reached ? piece.subarray(0, limit - at) : piece
      if (fault?.kind === 'flip') flip(bytes, fault.at - at)
      at += bytes.byteLength
      if (!onward.write(bytes)) await drained(onward)
      if (!reached) continue
      if (fault?.kind === 'stallRequest') await once(client, 'close')
      client.resetAndDestroy()
      onward.destroy()
      return
    }
    onward.end()
  } catch {
    // The client broke off, or the server did: either way nobody is to take this for a whole body.
    onward.destroy()
  }
}

/** Also when the connection breaks, which the next write tells. */
async function drained(onward: ClientRequest): Promise<void> {
  const over = new AbortController()
  const { signal } = over
  await Promise.race([once(onward, 'drain', { signal }), once(onward, 'close', { signal })])
  over.abort()
}

function flip(bytes: Buffer, at: number): void {
  if (at >= 0 && at < bytes.byteLength) bytes[at]! ^= 1
}
