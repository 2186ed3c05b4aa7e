import {
  API_ERRORS,
  CHUNK_ERRORS,
  type ErrorBody,
  type ErrorCode,
  PartwayError,
} from '@partway/protocol'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { validationError } from './validation.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `s3`: errors are S3's XML. @default json */
    errors?: 'json' | 's3'
  }
}

const DOCS_URL = 'https://docs.twelvelabs.io/api-reference/error-codes'

/** The one place where a thrown value becomes a response. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const known = meantChunkDoor(request) ? notOurUrl() : toPartwayError(error)
  if (known.status >= 500) request.log.error({ err: error }, known.message)
  else request.log.info({ code: known.code }, known.message)
  if (known.retryAfter !== undefined) reply.header('retry-after', known.retryAfter)
  reply.status(known.status)
  if (known.code in CHUNK_ERRORS || request.routeOptions.config?.errors === 's3') {
    return reply.type('application/xml').send(s3Body(known, request.id))
  }
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(jsonBody(known)))
}

/** The path of a URL without what must not be repeated: its query, and the signature of a file. */
export const pathOf = (url: string): string =>
  url.replace(/\?.*/s, '').replace(/[\w-]{43,}/g, '***')

/** Unknown routes and methods, refused before a body is read. */
export async function refuseUnknownRoute(request: FastifyRequest): Promise<void> {
  if (!request.is404) return
  throw new PartwayError('not_found', `There is no ${request.method} ${pathOf(request.url)}.`)
}

/** A PUT with a signature that reached no route: a chunk URL that was altered in its path. */
function meantChunkDoor({ method, url, is404, routeOptions }: FastifyRequest): boolean {
  const noRoute = is404 || routeOptions.url === undefined
  return noRoute && method === 'PUT' && url.includes('signature=')
}

const notOurUrl = () => new PartwayError('SignatureDoesNotMatch', 'This is not a URL of ours.')

export function jsonBody({ code, message }: { code: ErrorCode; message: string }): ErrorBody {
  return { code, message, docs_url: DOCS_URL }
}

function toPartwayError(error: unknown): PartwayError {
  if (error instanceof PartwayError) return error
  const { code, validation, statusCode } = error as FastifyError
  if (validation) return validationError(validation)
  // In our own words all of them: Fastify's may quote the URL, and that may hold a signature.
  switch (code) {
    case 'FST_ERR_BAD_URL':
      return new PartwayError(
        'invalid_request',
        'The URL is invalid. A % in it begins no escape of UTF-8.',
      )
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new PartwayError('invalid_request', 'The URL is invalid. A part of it is too long.')
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new PartwayError('invalid_request', 'The request body is not valid JSON.')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new PartwayError(
        'invalid_request',
        'The request body has another length than the `Content-Length` header says.',
      )
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new PartwayError(
        'content_type_invalid',
        'The `Content-Type` header is invalid. Send the body as `application/json`.',
      )
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new PartwayError(
        'request_too_large',
        'The request body is too large. The most is 1 MiB; send files through chunk URLs.',
      )
    case 'FST_INVALID_MULTIPART_CONTENT_TYPE':
      return new PartwayError(
        'content_type_invalid',
        'The `Content-Type` header is invalid. Send the form as `multipart/form-data`.',
      )
    case 'FST_FILES_LIMIT':
    case 'FST_FIELDS_LIMIT':
    case 'FST_PARTS_LIMIT':
      return new PartwayError('invalid_request', 'The form has too many parts.')
    case 'ERR_STREAM_PREMATURE_CLOSE':
    case 'FST_PREMATURE_CLOSE':
    case 'ECONNRESET':
    case 'ABORT_ERR':
      return new PartwayError('request_canceled_or_timed_out', 'The client closed the connection.')
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new PartwayError('invalid_request', 'The request is invalid.', { cause: error })
  }
  return new PartwayError('generic_error', 'An error occurred.', { cause: error })
}

/** S3's names for errors that the chunk door shares with the API. */
const S3_CODES: Partial<Record<number, keyof typeof CHUNK_ERRORS>> = {
  503: 'ServiceUnavailable',
  507: 'InsufficientStorage',
}

// "REST error responses", Amazon S3 API reference.
function s3Body(error: PartwayError, requestId: string): string {
  const code = error.code in API_ERRORS ? (S3_CODES[error.status] ?? 'InternalError') : error.code
  const text = (value: string) =>
    value.replace(/[<>&]/g, (c) => ({ '<': '&lt;', '>': '&gt;' })[c] ?? '&amp;')
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>` +
    `<Message>${text(error.message)}</Message><RequestId>${requestId}</RequestId></Error>`
  )
}
