import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Fault } from './faults.ts'

/** Passes an answer on, as far as the fault lets it. */
export function sendAnswer(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
): void {
  const { statusCode: status = 0, headers } = answer
  if (fault?.kind === 'cutResponse' || fault?.kind === 'stallResponse') {
    void sendPart(answer, outgoing, fault)
    return
  }
  outgoing.writeHead(status, fault?.kind === 'etag' ? { ...headers, etag: fault.value } : headers)
  answer.pipe(outgoing)
}

/** Below the level of HTTP, where an answer can end in the middle of its head. */
async function sendPart(
  answer: IncomingMessage,
  { socket }: ServerResponse,
  { kind, after }: Extract<Fault, { kind: 'cutResponse' | 'stallResponse' }>,
): Promise<void> {
  const { statusCode: status = 0, rawHeaders } = answer
  const body = await buffer(answer).catch(() => Buffer.alloc(0))
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`]
  for (let i = 0; i < rawHeaders.length; i += 2)
    lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  socket?.write(Buffer.concat([head, body]).subarray(0, after))
  if (kind === 'cutResponse') socket?.destroySoon()
}
