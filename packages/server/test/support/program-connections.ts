import { Agent, type ClientRequest, request } from 'node:http'

export interface SlowPut {
  request: ClientRequest
  /** Sends some of the body and resolves when it is on its way. */
  send(bytes: Uint8Array): Promise<void>
  /** The status of the answer, or the code of the error that came instead of one. */
  outcome: Promise<number | string>
}

/** A chunk PUT whose body is sent by hand. */
export function startSlowPut(url: string, size: number): SlowPut {
  const put = request(url, { method: 'PUT', agent: false, headers: { 'content-length': size } })
  const outcome = new Promise<number | string>((resolve) => {
    put.on('response', (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    put.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
  return {
    request: put,
    outcome,
    send: (bytes) => new Promise((resolve) => put.write(bytes, () => resolve())),
  }
}

const TIMEOUT_MS = 5000

/**
 * One connection for all requests, one after the other. Each resolves to its status, or to the
 * code of the error or `timeout` when there is no answer.
 */
export function keepAlive() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (method: string, url: string, body?: Uint8Array) =>
    new Promise<number | string>((resolve) => {
      const headers = body ? { 'content-length': body.byteLength } : {}
      const asked = request(url, { method, agent, headers })
      asked.setTimeout(TIMEOUT_MS, () => {
        resolve('timeout')
        asked.destroy()
      })
      asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      asked.on('response', (response) => {
        response.on('end', () => resolve(response.statusCode!)).resume()
      })
      asked.end(body)
    })
  return {
    get: (url: string) => ask('GET', url),
    put: (url: string, body: Uint8Array) => ask('PUT', url, body),
    [Symbol.dispose]: () => agent.destroy(),
  }
}
