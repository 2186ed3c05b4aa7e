import type { IncomingMessage } from 'node:http'
import type { Web, WebRequest, WebResponse } from '../../core/web-port.ts'
import { createIsOpen } from './addresses.ts'
import { bodyOf } from './body.ts'
import { connect } from './connect.ts'
import { connectionError, hiccup } from './errors.ts'
import { filenameOf } from './filename.ts'
import { createLeash, type Leash } from './leash.ts'
import { followRedirect, isRedirect, MAX_REDIRECTS, tooManyRedirects } from './redirects.ts'
import { headersFor, send } from './request.ts'
import { readHeaders } from './response.ts'
import { openAnswers, parseTarget, type Resolve, systemResolve } from './target.ts'
import { validatorOf } from './validator.ts'

export interface WebOptions {
  /** CIDR ranges and addresses that are opened although they are not global, e.g. `127.0.0.0/8`. */
  allowed?: string[]
  /** Until the headers have arrived, redirects and all. Default: 30 s. */
  connectTimeoutMs?: number
  /** How long the body may make no progress while somebody waits for it. Default: 60 s. */
  stallTimeoutMs?: number
  /** Asked once for every host on the way. Default: as the system resolves names. */
  resolve?: Resolve
  userAgent?: string
}

/**
 * Fetches over HTTP/1.1. When the caller's signal aborts, its reason is thrown as it is. A body that
 * is not wanted must be left (`return()` of its iterator) or aborted, or its connection stays open.
 *
 * @throws TypeError when an entry of `allowed` is no address and no range
 */
export function createWeb(options: WebOptions = {}): Web {
  const isOpen = createIsOpen(options.allowed ?? [])
  const { connectTimeoutMs = 30_000, stallTimeoutMs = 60_000 } = options
  const { resolve = systemResolve, userAgent = 'partway' } = options

  /** One request and the headers of its answer, to a host that is checked here and now. */
  async function ask(url: URL, request: WebRequest, { signal, hold }: Leash) {
    const answers = await hold(openAnswers(url, isOpen, resolve))
    const socket = await connect(url, answers, isOpen, signal)
    const response = await send(socket, url, headersFor(url, userAgent, request))
    return { socket, response }
  }

  function present(
    url: URL,
    request: WebRequest,
    response: IncomingMessage,
    leash: Leash,
  ): WebResponse {
    const { headers } = response
    const { length, ...extent } = readHeaders(url.host, response, request)
    const bounds = { host: url.host, length, stallTimeoutMs }
    return {
      ...extent,
      validator: validatorOf(headers),
      filename: filenameOf(headers['content-disposition'], url),
      body: bodyOf(response, bounds, leash, request.signal),
    }
  }

  async function get(text: string, request: WebRequest): Promise<WebResponse> {
    request.signal.throwIfAborted()
    let url = parseTarget(text)
    const late = () => hiccup(`${url.host} did not answer in time.`)
    const leash = createLeash(request.signal, connectTimeoutMs, late)
    try {
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const { socket, response } = await ask(url, request, leash)
        if (!isRedirect(response)) {
          leash.signal.throwIfAborted()
          leash.relax()
          return present(url, request, response, leash)
        }
        socket.destroy()
        url = followRedirect(url, response)
      }
      throw tooManyRedirects(url.host)
    } catch (error) {
      // Whatever the end of a connection looks like from within, this is why.
      const reason = leash.signal.aborted ? leash.signal.reason : connectionError(url.host, error)
      leash.end()
      throw reason
    }
  }

  return { get }
}
