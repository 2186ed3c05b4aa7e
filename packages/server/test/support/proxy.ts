import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** One request through the proxy, and what the server answered. */
export interface Exchange {
  method: string
  /** Path and query. */
  url: string
  requestBody: Buffer
  /** What the server answered; 0 when it was not asked. */
  status: number
  headers: IncomingHttpHeaders
  responseBody: Buffer
}

type Asked = Pick<Exchange, 'method' | 'url' | 'requestBody'>

/** A status without a body, a whole answer, the end of the connection, or nothing at all. */
export type Spoiled = number | { status: number; body: string } | 'cut' | 'stall'

export interface Faults {
  /** What to answer with instead of asking the server. */
  before?(asked: Asked): Spoiled | undefined
  /** What to answer with although the server did what was asked. */
  after?(exchange: Exchange): Spoiled | undefined
  /** The ETag the client is shown. */
  etag?(exchange: Exchange): string | undefined
}

export interface Proxy extends AsyncDisposable {
  url: string
  /** Everything that went through, in the order of the answers. */
  exchanges: Exchange[]
}

/**
 * Stands between a client and the server at `target` and spoils what `faults` says. The Host
 * header goes through unchanged, so the server's absolute URLs lead through the proxy too.
 */
export async function startProxy(target: string, faults: Faults = {}): Promise<Proxy> {
  const { hostname, port } = new URL(target)
  const exchanges: Exchange[] = []

  async function ask(asked: Asked, headers: IncomingHttpHeaders): Promise<Exchange> {
    const { method, url: path } = asked
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const onward = request({ hostname, port, method, path, headers }, resolve)
      onward.once('error', reject).end(asked.requestBody)
    })
    const responseBody = await buffer(answer)
    return { ...asked, status: answer.statusCode!, headers: answer.headers, responseBody }
  }

  const server = createServer(async (incoming, outgoing) => {
    try {
      const { method, url } = incoming as { method: string; url: string }
      const asked = { method, url, requestBody: await buffer(incoming) }
      const refused = faults.before?.(asked)
      const exchange =
        refused === undefined
          ? await ask(asked, incoming.headers)
          : { ...asked, status: 0, headers: {}, responseBody: Buffer.alloc(0) }
      exchanges.push(exchange)
      const spoiled = refused ?? faults.after?.(exchange)
      if (spoiled === 'stall') return
      if (spoiled === 'cut') {
        outgoing.destroy()
        return
      }
      if (spoiled !== undefined) {
        const { status, body } =
          typeof spoiled === 'number' ? { status: spoiled, body: '' } : spoiled
        outgoing.writeHead(status).end(body)
        return
      }
      const etag = faults.etag?.(exchange)
      const headers = { ...exchange.headers, ...(etag === undefined ? {} : { etag }) }
      outgoing.writeHead(exchange.status, headers).end(exchange.responseBody)
    } catch {
      outgoing.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
