import type { IncomingMessage } from 'node:http'
import { refusal } from './errors.ts'
import { fromBytes } from './filename.ts'
import { parseTarget } from './target.ts'

export const MAX_REDIRECTS = 5

const REDIRECTS = [301, 302, 303, 307, 308]

export const isRedirect = ({ statusCode }: IncomingMessage): boolean =>
  REDIRECTS.includes(statusCode ?? 0)

/**
 * Where an answer sends us. Its addresses are as unchecked as those of any other URL.
 *
 * @throws SourceError
 */
export function followRedirect(from: URL, { headers }: Pick<IncomingMessage, 'headers'>): URL {
  const location = fromBytes(headers.location ?? '')
  if (!location || !URL.canParse(location, from)) {
    throw refusal(`${from.host} redirects without saying where to.`)
  }
  const to = parseTarget(location, from)
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refusal(`${from.host} redirects from https to http, which is not followed.`)
  }
  return to
}

export const tooManyRedirects = (host: string) =>
  refusal(`${host} is behind more than ${MAX_REDIRECTS} redirects.`)
