import { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createRecogniser } from './asked.ts'
import { type Asked, type Fault, noFaults, type Plan } from './faults.ts'
import { forwardBody } from './forward-body.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { sendAnswer } from './send-answer.ts'

export interface FaultProxy extends AsyncDisposable {
  url: string
  port: number
  /** Where requests go on to; set once the server runs, for it is told our address first. */
  target: string
  /** What went through since {@link FaultProxy.reset}. */
  readonly ledger: Ledger
  /** From now on this happens, and counting starts anew. */
  reset(plan?: Plan): void
  /** `begun` with every request, `answered` when its answer is with the client's socket. */
  events: EventEmitter<{ begun: [Asked]; answered: [Asked, number] }>
}

/** Stands between clients and a server, passes bodies on as they come, and spoils what the plan says. */
export async function startFaultProxy(): Promise<FaultProxy> {
  let target = new URL('http://127.0.0.1:1')
  let plan = noFaults
  let recognise = createRecogniser()
  let book = createLedger()
  const events: FaultProxy['events'] = new EventEmitter()

  const server = createServer((incoming, outgoing) => {
    const asked = recognise(incoming)
    const fault = plan(asked)
    const { begin, fault: faulty } = book
    if (fault) faulty()
    outgoing.once('close', begin(asked))
    events.emit('begun', asked)
    // Connections that break are what this is for.
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    if (fault?.kind === 'answer') void refuse(incoming, outgoing, fault)
    else void pass(incoming, outgoing, asked, fault)
  })

  async function refuse(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    { status, retryAfter, early = false }: Extract<Fault, { kind: 'answer' }>,
  ): Promise<void> {
    if (!early) await buffer(incoming).catch(() => {})
    const wait = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
    outgoing.writeHead(status, { 'content-length': 0, ...wait }).end()
  }

  async function pass(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    asked: Asked,
    fault: Fault | undefined,
  ): Promise<void> {
    const { body, acknowledged } = book
    const { hostname, port } = target
    // A request that is over has none any more.
    const { socket } = incoming
    const { method = '', url: path = '', headers } = incoming
    // One connection each: what happens to one request must not happen to another.
    const onward = request({ hostname, port, method, path, headers, agent: false })
    outgoing.once('close', () => onward.destroy())
    // A server that is gone is a connection that breaks; one that stalls is left alone.
    onward.once('error', () => {
      if (fault?.kind !== 'stallRequest') socket.destroy()
    })
    onward.once('response', (answer) => {
      answer.on('error', () => socket.destroy())
      outgoing.once('finish', () => {
        if (asked.call === 'chunk' && answer.statusCode === 200) acknowledged(asked)
        events.emit('answered', asked, answer.statusCode!)
      })
      sendAnswer(answer, outgoing, fault)
    })
    if (asked.call !== 'report' && asked.call !== 'presign') {
      return forwardBody(incoming, onward, fault, socket)
    }
    const copy = await buffer(incoming).catch(() => undefined)
    if (!copy) return
    body(asked, copy)
    await forwardBody(Readable.from([copy]), onward, fault, socket)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    events,
    get target() {
      return target.origin
    },
    set target(url) {
      target = new URL(url)
    },
    get ledger() {
      return book.ledger
    },
    reset(next = noFaults) {
      plan = next
      recognise = createRecogniser()
      book = createLedger()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
