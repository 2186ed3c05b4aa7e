import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { WebRequest } from '../../core/web-port.ts'
import { hiccup } from './errors.ts'

/** No cookies, no Referer, no credentials, and nothing that may be compressed. */
export function headersFor(url: URL, userAgent: string, asked: WebRequest): Record<string, string> {
  const { range, validator } = asked
  return {
    host: url.host,
    'user-agent': userAgent,
    accept: '*/*',
    'accept-encoding': 'identity',
    connection: 'close',
    ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }),
    ...(range && validator !== undefined && { 'if-range': validator }),
  }
}

/**
 * Sends a GET over the connection, which is used for nothing else. Resolves with the headers of the
 * final answer (RFC 9110 section 15.2 has others before it); rejects as `node:http` does.
 */
export function send(
  socket: Socket,
  url: URL,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // With a connection of its own and without an agent, nothing is pooled and no proxy is asked.
    const outgoing = request({
      createConnection: () => socket,
      path: url.pathname + url.search,
      headers,
      setHost: false,
      insecureHTTPParser: false,
    })
    outgoing.on('response', (response) => {
      // Whoever reads the body gets its errors; until then they must not end the process.
      response.on('error', () => {})
      resolve(response)
    })
    outgoing.on('error', reject)
    outgoing.on('close', () => reject(hiccup(`${url.host} closed the connection.`)))
    outgoing.end()
  })
}
