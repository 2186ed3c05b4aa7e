import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { atExit } from './cleanup.ts'

/** A request as it goes over the wire. */
export interface Outgoing {
  /** Request line and headers, without the empty line. */
  head: string
  /** Text of a small body. */
  body: string
  /** Bytes of a large body that the sender makes up. */
  size: number
}

export interface Load {
  port: number
  requests: Outgoing[]
  /** How often the requests are sent, from the first to the last. */
  repeat: number
  /** Connections, each of which takes the next request when it has its answer. */
  streams: number
  /** Send the second half of every body only when the first halves of all of them are out. */
  inFlight: boolean
}

export interface Answer {
  status: number
  head: string
}

export interface LoadResult {
  /** From the first byte of the first request to the last answer. */
  seconds: number
  /** Some of the answers. */
  answers: Answer[]
  /** Milliseconds from a request to its answer, of every request. */
  latencies: number[]
}

export interface Sender extends AsyncDisposable {
  send(
    url: string,
    requests: Outgoing[],
    options?: Partial<Pick<Load, 'repeat' | 'streams' | 'inFlight'>>,
  ): Promise<LoadResult>
}

/** Starts the process that sends. */
export function startSender(): Sender {
  const child = fork(join(import.meta.dirname, 'sender.ts'))
  const forget = atExit(() => child.kill('SIGKILL'))
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the sender ended with ${code}`)
  })
  died.catch(() => {})
  return {
    async send(url, requests, { repeat = 1, streams = 1, inFlight = false } = {}) {
      const load: Load = { port: Number(new URL(url).port), requests, repeat, streams, inFlight }
      child.send(load)
      const [result] = (await Promise.race([once(child, 'message'), died])) as [
        LoadResult | { error: string },
      ]
      if ('error' in result) throw new Error(result.error)
      return result
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
      forget()
    },
  }
}

/** The SHA-256, in hex, of a large body that the sender makes up. */
export function digestOfBody(size: number): string {
  return createHash('sha256').update(Buffer.alloc(size, 'partway ')).digest('hex')
}

/** A request with a large body. */
export function upload(
  method: string,
  url: string,
  size: number,
  headers: Record<string, string> = {},
): Outgoing {
  return { head: headOf(method, url, { ...headers, 'content-length': `${size}` }), body: '', size }
}

/** A request with a JSON body. */
export function json(
  method: string,
  url: string,
  value: unknown,
  headers: Record<string, string>,
): Outgoing {
  const body = JSON.stringify(value)
  const described = { 'content-type': 'application/json', 'content-length': `${body.length}` }
  return { head: headOf(method, url, { ...headers, ...described }), body, size: 0 }
}

/** A request without a body. */
export function get(url: string, headers: Record<string, string>): Outgoing {
  return { head: headOf('GET', url, headers), body: '', size: 0 }
}

function headOf(method: string, url: string, headers: Record<string, string>): string {
  const { host, pathname, search } = new URL(url)
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${pathname}${search} HTTP/1.1`, ...lines].join('\r\n')
}
