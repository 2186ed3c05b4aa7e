import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { networkError } from '../error.ts'
import type { ChunkRequest, Transport } from '../platform.ts'

/** Bytes handed to the socket at once, unless a limit of the rate wants fewer. */
const SLICE = 512 * 1024

/** By `node:http`, which tells how much the socket has taken. */
export function createHttpTransport(): Transport {
  const agents = {
    http: new HttpAgent({ keepAlive: true, timeout: 60_000 }),
    https: new HttpsAgent({ keepAlive: true, timeout: 60_000 }),
  }

  return async (chunk) => {
    const secure = chunk.url.startsWith('https:')
    const { url, body, headers, signal } = chunk
    const size = Math.min(SLICE, chunk.slice)
    signal.throwIfAborted()
    const request = (secure ? httpsRequest : httpRequest)(url, {
      method: 'PUT',
      headers: { ...headers, 'content-length': body.byteLength },
      agent: secure ? agents.https : agents.http,
      signal,
    })
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).on('error', reject)
    })
    // An answer before the end, such as a refusal, ends the sending, and so does a failure; what it
    // was is told below.
    let over = false
    const ended = answered.then(
      () => {
        over = true
      },
      () => {
        over = true
      },
    )
    try {
      let at = 0
      while (at < body.byteLength && !over) {
        const slice = body.subarray(at, at + size)
        await Promise.race([ended, sendSlice(request, chunk, slice, () => over)])
        if (!over) at += slice.byteLength
      }
      const whole = at >= body.byteLength
      if (whole) request.end()
      const response = await answered
      const pieces: Buffer[] = []
      for await (const piece of response) pieces.push(piece as Buffer)
      // The rest of the body would be taken for the next request.
      if (!whole) request.destroy()
      return {
        status: response.statusCode ?? 0,
        header: (name) => String(response.headers[name] ?? '') || undefined,
        text: Buffer.concat(pieces).toString(),
      }
    } catch (error) {
      request.destroy()
      signal.throwIfAborted()
      throw networkError(url, error)
    }
  }
}

async function sendSlice(
  request: ReturnType<typeof httpRequest>,
  { body, onSent, allow }: ChunkRequest,
  slice: Uint8Array,
  isOver: () => boolean,
): Promise<void> {
  await allow(slice.byteLength)
  if (isOver()) return
  // Called once the socket has taken it.
  await new Promise<void>((resolve) => request.write(slice, () => resolve()))
  onSent(slice.byteOffset - body.byteOffset + slice.byteLength)
}
