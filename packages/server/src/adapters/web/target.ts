import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { IsOpen } from './addresses.ts'
import { closedAddress, refusal, resolveError } from './errors.ts'

export interface Answer {
  address: string
  family: number
}

/** Every address of a host. @throws as `node:dns` does */
export type Resolve = (host: string) => Promise<Answer[]>

export const systemResolve: Resolve = (host) => lookup(host, { all: true })

/**
 * A URL that may be fetched, as far as it can be told without its addresses. The parser is the one
 * of browsers: it turns every spelling of an IPv4 address (decimal, octal, short) into the usual.
 *
 * @throws SourceError
 */
export function parseTarget(text: string, base?: URL): URL {
  if (!URL.canParse(text, base)) throw refusal('The URL is not valid.')
  const url = new URL(text, base)
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https') {
    throw refusal(`Only http and https URLs can be fetched, not ${scheme.slice(0, 32)}.`)
  }
  // The longest name that DNS knows, with a dot at its end.
  if (url.hostname.length > 254) throw refusal('The host name in the URL is too long.')
  if (url.username || url.password) {
    throw refusal(`The URL of ${url.host} must not contain a user name or a password.`)
  }
  return url
}

/** The host as sockets and DNS want it: an IPv6 address without its brackets. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

/**
 * The addresses of the URL's host, all of them open: one that is not means that whoever runs the
 * name may point it at our network at will. The only lookup there is.
 *
 * @throws SourceError
 */
export async function openAnswers(url: URL, isOpen: IsOpen, resolve: Resolve): Promise<Answer[]> {
  const host = hostOf(url)
  const answers = isIP(host) ? [{ address: host, family: isIP(host) }] : await ask(host, resolve)
  if (!answers.every(({ address }) => isOpen(address))) throw closedAddress(url.host)
  return answers
}

async function ask(host: string, resolve: Resolve): Promise<Answer[]> {
  let answers: Answer[]
  try {
    answers = await resolve(host)
  } catch (error) {
    throw resolveError(host, error)
  }
  if (answers.length === 0) throw resolveError(host, { code: 'ENOTFOUND' })
  // The family is told by the address: a resolver that mixes them up must not mislead the socket.
  return answers.map(({ address }) => ({ address, family: isIP(address) }))
}
