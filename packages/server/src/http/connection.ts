import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { PartwayError, statusOf } from '@partway/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { jsonBody } from './errors.ts'
import type { App } from './types.ts'

/** What every answer carries. */
export const commonHeaders = (requestId: string) => ({
  'x-request-id': requestId,
  'x-api-version': '1.3',
})

/** Answers what is not HTTP at all, below the level of requests. */
export function answerBadHttp(error: Error & { code?: string }, socket: Duplex): void {
  // An answer that is on its way must not get another one into its middle.
  const answering = (socket as { _httpMessage?: ServerResponse })._httpMessage?.headersSent
  if (socket.writable && !answering && error.code !== 'ECONNRESET') {
    const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
    const code = timedOut ? 'request_canceled_or_timed_out' : 'invalid_request'
    const message = timedOut
      ? 'The request took too long to arrive.'
      : 'The request is not valid HTTP, or its headers are too large.'
    const body = JSON.stringify(jsonBody({ code, message }))
    const headers = {
      ...commonHeaders(randomUUID()),
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.write(
      `HTTP/1.1 ${statusOf(code)} ${STATUS_CODES[statusOf(code)]}\r\n${lines.join('')}\r\n${body}`,
    )
  }
  socket.destroy()
}

/** While the server stops, requests under way finish, further ones are sent elsewhere. */
export function refuseWhileClosing(app: App): void {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })
  app.addHook('onRequest', async () => {
    if (!closing) return
    throw new PartwayError('service_unavailable', 'The server is stopping. Repeat the request.', {
      retryAfter: 1,
    })
  })
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close')
  })
}

/**
 * `Expect: 100-continue` (RFC 9110 section 10.1.1): the client sends its body when we ask for it,
 * which we do only after the request passed every check that needs no body.
 */
export function askForBodies(app: App): void {
  const waiting = new WeakSet<IncomingMessage>()
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request)
    app.routing(request, response)
  })
  app.addHook('preParsing', async (request, reply) => {
    if (waiting.has(request.raw)) reply.raw.writeContinue()
  })
}

/** A body that is left to itself: up to this many bytes are read to nowhere, of more not one. */
const MAX_DISCARDED = 64 * 1024 * 1024

/**
 * Before an answer that does not wait for the whole body. The rest is read to nowhere where it is
 * small: senders that find the connection closed while they send never see the answer. A huge one
 * is cut off.
 */
export function leaveBody({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
  if (raw.readableEnded) return
  if (Number(headers['content-length'] ?? 0) > MAX_DISCARDED) {
    reply.header('connection', 'close')
    return
  }
  let left = MAX_DISCARDED
  raw.unpipe()
  raw.on('data', (piece: Uint8Array) => {
    left -= piece.byteLength
    if (left < 0) raw.destroy()
  })
  raw.resume()
}

/**
 * Closes connections whose request body makes no progress for so long. There is no limit on the
 * whole time: a large chunk on a slow line may take hours.
 */
export function limitStalls(app: App, stallTimeoutMs: number): void {
  app.addHook('preParsing', async ({ raw, headers }) => {
    const hasBody = 'transfer-encoding' in headers || Number(headers['content-length'] ?? 0) > 0
    if (!hasBody) return
    // The timer restarts with every byte; without a listener Node closes the connection. Requests
    // injected by tests have no socket.
    raw.setTimeout?.(stallTimeoutMs)
    raw.once('end', () => raw.setTimeout?.(0))
  })
}
