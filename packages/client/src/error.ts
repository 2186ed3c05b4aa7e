/** What went wrong, in the server's own words where it gave any. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /**
   * The API's code, S3's code, or one of ours: `network_error`, `stalled`, `digest_mismatch`,
   * `file_changed`, `file_unreadable`, `upload_in_progress`, `upload_ended`, `aborted`, `invalid_option`,
   * `invalid_answer`.
   */
  readonly code: string
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** Leads to the server's log. */
  readonly requestId: string | undefined
  /** Milliseconds the server asked us to wait. */
  readonly retryAfterMs: number | undefined
  /** The chunk it was about, from 1. */
  readonly chunkIndex: number | undefined
  /** Whether the same call may succeed if it is repeated. */
  readonly retryable: boolean

  constructor(message: string, details: UploadErrorDetails) {
    super(message, { cause: details.cause })
    const { code, status = 0 } = details
    this.code = code
    this.status = status
    this.requestId = details.requestId
    this.retryAfterMs = details.retryAfterMs
    this.chunkIndex = details.chunkIndex
    this.retryable = details.retryable ?? isRetryable(code, status)
  }

  /** The same, with the chunk it was about. */
  at(chunkIndex: number): UploadError {
    const { code, status, requestId, retryAfterMs, retryable, cause } = this
    const details = { code, status, requestId, retryAfterMs, retryable, cause, chunkIndex }
    return new UploadError(this.message, details)
  }
}

export interface UploadErrorDetails {
  code: string
  /** @default 0 */
  status?: number
  requestId?: string | undefined
  retryAfterMs?: number | undefined
  chunkIndex?: number | undefined
  /** @default told by code and status */
  retryable?: boolean
  cause?: unknown
}

// Which errors are worth another try, as data.
const RETRYABLE_STATUSES = [408, 425, 429, 500, 502, 503, 504, 507]
/** `RequestTimeout`: S3's 400 for a body that paused. `BadDigest`, `digest_mismatch`: what arrived was not what was sent; `IncompleteBody`: it broke off. */
const RETRYABLE_CODES = [
  'RequestTimeout',
  'network_error',
  'stalled',
  'digest_mismatch',
  'BadDigest',
  'IncompleteBody',
]

const isRetryable = (code: string, status: number) =>
  RETRYABLE_STATUSES.includes(status) || RETRYABLE_CODES.includes(code)

export function networkError(url: string | URL, cause: unknown): UploadError {
  const reason = (cause as Error)?.cause ?? cause
  const { origin } = new URL(url)
  return new UploadError(`No answer from ${origin}: ${(reason as Error).message ?? reason}`, {
    ...{ code: 'network_error', cause },
  })
}

/** An answer that is not ok: JSON from the API, XML from the store. */
export interface RefusedAnswer {
  status: number
  header(name: string): string | undefined
  text: string
}

export function errorOf({ status, header, text }: RefusedAnswer): UploadError {
  const { code, message } = parseJson(text) ?? parseXml(text) ?? {}
  return new UploadError(message ?? `The server answered ${status}.`, {
    code: code ?? 'generic_error',
    status,
    requestId: header('x-request-id') ?? header('x-amz-request-id'),
    retryAfterMs: retryAfterOf(header('retry-after')),
  })
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfterOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\s*\d+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

interface ErrorText {
  code?: string
  message?: string
}

function parseJson(text: string): ErrorText | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const { code, message } = (value ?? {}) as Record<string, unknown>
    return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined
  } catch {
    return undefined
  }
}

function parseXml(text: string): ErrorText | undefined {
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const [code, message] = [element('Code'), element('Message')]
  return code && message ? { code, message } : undefined
}
