/**
 * Every failure Partway can answer with, on one page.
 *
 * JSON routes answer `{code, message, docs_url}` with the codes of the TwelveLabs API (contract
 * section 5) and, where that API has none, our own. The chunk door answers like the store it
 * stands for: S3's XML with S3's codes.
 */
export const API_ERRORS = {
  parameter_invalid: 400,
  parameter_not_provided: 400,
  invalid_request: 400,
  content_type_invalid: 400,
  video_filesize_too_large: 400,
  api_key_invalid: 401,
  unauthorized_request: 403,
  resource_not_exist: 404,
  not_found: 404,
  request_canceled_or_timed_out: 408,
  request_too_large: 413,
  range_not_satisfiable: 416,
  too_many_requests: 429,
  generic_error: 500,
  service_unavailable: 503,
  storage_full: 507,
} as const

/** Codes of the chunk door, from "Error responses", Amazon S3 API reference. */
export const CHUNK_ERRORS = {
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InvalidDigest: 400,
  BadDigest: 400,
  AccessDenied: 403,
  SignatureDoesNotMatch: 403,
  NoSuchUpload: 404,
  OperationAborted: 409,
  MissingContentLength: 411,
  InternalError: 500,
  ServiceUnavailable: 503,
  InsufficientStorage: 507,
} as const

export type ApiErrorCode = keyof typeof API_ERRORS
export type ChunkErrorCode = keyof typeof CHUNK_ERRORS
export type ErrorCode = ApiErrorCode | ChunkErrorCode

const STATUS: Record<ErrorCode, number> = { ...API_ERRORS, ...CHUNK_ERRORS }

/** The HTTP status that goes with `code`. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code]
}

/**
 * The one error the server throws on purpose. Anything else that is thrown is a defect and
 * becomes a 500 without detail.
 */
export class PartwayError extends Error {
  override readonly name = 'PartwayError'
  readonly code: ErrorCode
  /** Seconds after which the same request is worth repeating; sent as `Retry-After`. */
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, options: PartwayErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryAfter = options.retryAfter
  }

  get status(): number {
    return statusOf(this.code)
  }
}

export interface PartwayErrorOptions {
  cause?: unknown
  retryAfter?: number
}
