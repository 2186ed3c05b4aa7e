import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcp,
  type Server,
  Socket,
  type TcpSocketConnectOpts,
} from 'node:net'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, vi } from 'vitest'
import { createWeb, type WebOptions } from '../../src/adapters/web/index.ts'
import type { WebRequest, WebResponse } from '../../src/core/web-port.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

/** A loopback address that is not 127.0.0.1, and how URLs write it. */
export const OTHER = hasIpv6 ? '::1' : '127.0.0.2'
export const OTHER_HOST = hasIpv6 ? '[::1]' : OTHER

/** Every spelling of loopback leads here: there is IPv6, and 127.0.0.0/8 is loopback as a whole. */
export const hasWholeLoopback = hasIpv6 && process.platform === 'linux'

/** A server of a test, on loopback only; gone when the test is. */
export interface Served {
  port: number
  /** Connections made to it so far. */
  connections: number
  /** Bytes that came over them. */
  received: number
  sockets: Set<Socket>
}

/** Listens on `host`; @throws as `node:net` does, when there is no such address here */
export async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<Served> {
  const served: Served = { port: 0, connections: 0, received: 0, sockets: new Set() }
  server.on('connection', (socket: Socket) => {
    served.connections++
    served.sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      served.received += socket.bytesRead
      served.sockets.delete(socket)
    })
  })
  server.listen(port, host)
  await once(server, 'listening')
  served.port = (server.address() as AddressInfo).port
  onTestFinished(() => {
    for (const socket of served.sockets) socket.destroy()
    server.close()
  })
  return served
}

export const serve = (handler: RequestListener, host?: string) => listen(createHttp(handler), host)

/** Answers every request with exactly these bytes, then does what `after` says. */
export function serveRaw(answer: string, after: (socket: Socket) => void = (s) => s.end()) {
  return listen(
    createTcp((socket) => {
      socket.once('data', () => socket.write(answer, 'latin1', () => after(socket)))
    }),
  )
}

/** A web for which every name is on 127.0.0.1, and that may go there. */
export function loopbackWeb(options: WebOptions = {}) {
  return createWeb({
    allowed: ['127.0.0.0/8'],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    ...options,
  })
}

/** Gets `http://media.example:<port><path>`. */
export function fetchFrom(
  { port }: Served,
  path = '/',
  request: Partial<WebRequest> = {},
  options: WebOptions = {},
): Promise<WebResponse> {
  const { signal = new AbortController().signal, ...rest } = request
  return loopbackWeb(options).get(`http://media.example:${port}${path}`, { signal, ...rest })
}

export async function textOf({ body }: WebResponse): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

/** Waits until nothing that a test has opened is open any more. */
export const closed = ({ sockets }: Served) => expect.poll(() => sockets.size).toBe(0)

/** Counts the sockets that this process opens as a client, to wherever. */
export function countSockets(): { opened: number } {
  const count = { opened: 0 }
  const sockets = channel('net.client.socket')
  const see = () => {
    count.opened++
  }
  sockets.subscribe(see)
  onTestFinished(() => {
    sockets.unsubscribe(see)
  })
  return count
}

/**
 * Keeps this process from connecting anywhere but to `except`, also when what is tested fails to;
 * returns what it would have connected to.
 */
export function interceptSockets(except?: string): TcpSocketConnectOpts[] {
  const attempts: TcpSocketConnectOpts[] = []
  const connect = Socket.prototype.connect as (...args: unknown[]) => Socket
  const spy = vi.spyOn(Socket.prototype, 'connect')
  spy.mockImplementation(function (this: Socket, ...args: unknown[]) {
    // `net.connect` passes its options so.
    const [options] = args[0] as [TcpSocketConnectOpts]
    if (options.host === except) return connect.apply(this, args)
    attempts.push(options)
    return this.destroy(Object.assign(new Error('intercepted'), { code: 'ECONNREFUSED' }))
  })
  onTestFinished(() => spy.mockRestore())
  return attempts
}
