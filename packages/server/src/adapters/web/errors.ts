import { SourceError } from '../../core/web-port.ts'

/** Worth no second try. */
export const refusal = (message: string, cause?: unknown) =>
  new SourceError(message, { transient: false, cause })

/** May be over soon. */
export const hiccup = (message: string, cause?: unknown) =>
  new SourceError(message, { transient: true, cause })

/** The address is not named: it may be what somebody wants to find out about our network. */
export const closedAddress = (host: string) =>
  refusal(`${host} leads to an address that this server does not open.`)

/**
 * Why a name could not be resolved. A name that is not there (ENOTFOUND) is final: it is nearly
 * always a mistyped URL, and resolvers report their own trouble as EAI_AGAIN.
 */
export function resolveError(host: string, error: unknown): SourceError {
  const message = `${host} could not be resolved.`
  const final = ['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EINVAL'].includes(codeOf(error) ?? '')
  return final ? refusal(message, error) : hiccup(message, error)
}

/** What a failure of the connection, before the headers are there, means to people. */
export function connectionError(host: string, error: unknown): unknown {
  const code = codeOf(error)
  if (error instanceof SourceError || code === undefined) return error
  if (code === 'HPE_HEADER_OVERFLOW')
    return refusal(`${host} answered with too many headers.`, error)
  if (code.startsWith('HPE_')) return refusal(`${host} answered with invalid HTTP.`, error)
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return refusal(`No secure connection to ${host} is possible (${code}).`, error)
  }
  return hiccup(`${host} could not be reached (${code}).`, error)
}

/** Expired, self-signed, of another host. */
export const badCertificate = (host: string, reason: unknown, cause: unknown) =>
  refusal(`The certificate of ${host} is not valid (${reason}).`, cause)

function codeOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' ? code : undefined
}
