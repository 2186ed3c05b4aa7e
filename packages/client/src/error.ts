/** What went wrong with a call, in the server's own words where it gave any. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /** The API's code, S3's code, or `network_error`. */
  readonly code: string
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number
  /** Leads to the server's log. */
  readonly requestId: string | undefined
  /** Milliseconds the server asked us to wait. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, details: UploadErrorDetails) {
    super(message, { cause: details.cause })
    this.code = details.code
    this.status = details.status
    this.requestId = details.requestId
    this.retryAfterMs = details.retryAfterMs
  }

  /** Whether the same call may succeed if it is repeated. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500
  }
}

export interface UploadErrorDetails {
  code: string
  status: number
  requestId?: string | undefined
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** The error a response that is not ok stands for: JSON from the API, XML from the store. */
export async function errorOf(response: Response): Promise<UploadError> {
  const text = await response.text().catch(() => '')
  const { code, message } = parseJson(text) ?? parseXml(text) ?? {}
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new UploadError(message ?? `The server answered ${response.status}.`, {
    code: code ?? 'generic_error',
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? undefined,
    retryAfterMs: Number.isFinite(after) ? after * 1000 : undefined,
  })
}

interface ErrorText {
  code?: string
  message?: string
}

function parseJson(text: string): ErrorText | undefined {
  try {
    return JSON.parse(text) as ErrorText
  } catch {
    return undefined
  }
}

function parseXml(text: string): ErrorText | undefined {
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1]
  const [code, message] = [element('Code'), element('Message')]
  return code && message ? { code, message } : undefined
}
