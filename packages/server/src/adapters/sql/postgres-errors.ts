import { PartwayError } from '@partway/protocol'
import { DatabaseError } from 'pg'
import { OutcomeUnknownError } from '../../core/ports.ts'

// SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html

/** The server ended the session with this answer: shutdown, crash, idle in transaction, connection errors. */
const SESSION_OVER = /^(57P0|25P03|08)/
/**
 * The server takes no writes: a standby, or a primary that became one. Another connection may lead to
 * another server, and this one never will.
 */
const READ_ONLY = '25006'
/** The transaction lost against another one and was rolled back as a whole. */
const CONFLICT = /^(40001|40P01)$/
const DISK_FULL = '53100'
/** Short of resources, a timeout of statement or lock. */
const UNAVAILABLE = /^(53|57014|55P03)/

/** A connection that could not be had, or that broke with a question on its way. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** Its last words were a commit, or a write without transaction, and the answer was lost. */
  readonly mayHaveApplied: boolean
  /** It took too long already. */
  readonly timedOut: boolean

  constructor(cause: unknown, mayHaveApplied: boolean) {
    super(reasonOf(cause), { cause })
    this.mayHaveApplied = mayHaveApplied && !isReadOnly(cause)
    this.timedOut = /timeout/.test(this.message)
  }
}

/** Whether the connection can have no more questions after this. */
export function endsConnection(error: unknown): boolean {
  if (error instanceof DatabaseError) return SESSION_OVER.test(codeOf(error)) || isReadOnly(error)
  // Everything else that node-postgres throws is the socket's, but what JavaScript itself throws.
  return !(error instanceof TypeError || error instanceof RangeError)
}

/** Wrong password, no such database: another try cannot fare better. */
const REFUSED = /^(28|3D)/

/** True only where it is certain that nothing was changed, and a second try may fare better. */
export function isRepeatable(error: unknown): boolean {
  if (error instanceof ConnectionError) {
    return !error.mayHaveApplied && !error.timedOut && !REFUSED.test(codeOf(error.cause))
  }
  return CONFLICT.test(codeOf(error))
}

/** Empty unless it is an answer of the server. */
const codeOf = (error: unknown): string =>
  error instanceof DatabaseError ? (error.code ?? '') : ''

/** The server refused to write; nothing was applied. */
const isReadOnly = (error: unknown): boolean => codeOf(error) === READ_ONLY

/** What an error means to a caller. */
export function translate(error: unknown): unknown {
  if (error instanceof ConnectionError) return connectionError(error)
  const code = codeOf(error)
  if (code === DISK_FULL) {
    return new PartwayError('storage_full', 'The database has no room. Nothing was changed.', {
      cause: error,
      retryAfter: 30,
    })
  }
  if (!UNAVAILABLE.test(code) && !CONFLICT.test(code)) return error
  return unavailable('The database is busy. Nothing was changed; repeat the request.', error)
}

function connectionError(error: ConnectionError): PartwayError {
  if (error.mayHaveApplied) {
    return new OutcomeUnknownError(
      'service_unavailable',
      'The database broke off without an answer. The change may have been made; repeat the request.',
      { cause: error, retryAfter: 1 },
    )
  }
  const what = isReadOnly(error.cause) ? 'takes no writes at present' : 'is unreachable'
  return unavailable(`The database ${what}. Nothing was changed; repeat the request.`, error)
}

const unavailable = (message: string, cause: unknown) =>
  new PartwayError('service_unavailable', message, { cause, retryAfter: 1 })

/** Where several addresses were tried, the error itself says nothing. */
export function reasonOf(error: unknown): string {
  const { message, errors, code } = error as Partial<AggregateError & { code: string }>
  return message || errors?.map(reasonOf).join('; ') || code || String(error)
}
