import { PartwayError } from '@partway/protocol'

/** What the SDK's errors have in common; those without a body have a status and no telling name. */
interface StoreFailure {
  name: string
  code?: string
  $metadata?: { httpStatusCode?: number; requestId?: string }
}

const FULL = new Set([
  ...['QuotaExceeded', 'InsufficientStorage', 'InsufficientStorageSpace'],
  ...['InsufficientCapacity', 'ServiceQuotaExceeded', 'XMinioStorageFull'],
])
const NO_ANSWER = new Set(['TimeoutError', 'AbortError', 'NetworkingError'])
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError'])

/** The name that S3 gives an error, such as `NoSuchUpload`; `undefined` for what does not come from a store. */
function failureOf(error: unknown): StoreFailure | undefined {
  if (!(error instanceof Error) || error instanceof PartwayError) return undefined
  const failure = error as StoreFailure
  const fromStore =
    failure.$metadata !== undefined ||
    NO_ANSWER.has(error.name) ||
    NO_CREDENTIALS.has(error.name) ||
    // What Node says of connections.
    /^(E[A-Z_]+|ERR_STREAM_PREMATURE_CLOSE)$/.test(failure.code ?? '')
  return fromStore ? failure : undefined
}

const statusOf = (error: unknown): number | undefined => failureOf(error)?.$metadata?.httpStatusCode

export const isNamed = (error: unknown, name: string): boolean => failureOf(error)?.name === name

/** The multipart upload is gone. Ceph also says so of its key, when it is asked for parts. */
export const isNoUpload = (error: unknown): boolean =>
  isNamed(error, 'NoSuchUpload') || isNamed(error, 'NoSuchKey')

export const isMissing = (error: unknown): boolean => statusOf(error) === 404

/**
 * What S3 and its like say to a CompleteMultipartUpload that breaks their rules. None of it can come of
 * credentials or of a damaged request alone, if the same upload can be listed.
 */
const REFUSALS = new Set([
  ...['EntityTooSmall', 'EntityTooLarge', 'InvalidPartOrder'],
  ...['InvalidRequest', 'InvalidArgument'],
])

/** The name of a refusal that repeating the request does not change. */
export function refusalOf(error: unknown): string | undefined {
  const failure = failureOf(error)
  return failure && statusOf(error) === 400 && REFUSALS.has(failure.name) ? failure.name : undefined
}

/** Whether the store may have done what was asked although it did not say so. */
export function isUncertain(error: unknown): boolean {
  const failure = failureOf(error)
  if (!failure) return false
  const status = failure.$metadata?.httpStatusCode
  return status === undefined || status >= 500 || status === 200
}

/**
 * What a store's complaint means to a caller: 507 when there is no room, 503 for anything else an
 * operator can mend. Errors that are not the store's pass through.
 */
export function storeError(error: unknown): unknown {
  const failure = failureOf(error)
  if (!failure) return error
  const status = failure.$metadata?.httpStatusCode
  // Not the error itself: it repeats what was signed, and with which key.
  const cause = new Error(describe(failure))
  if (FULL.has(failure.name) || status === 507) {
    const message = 'The store is full. Nothing was stored; try again when there is room.'
    return new PartwayError('storage_full', message, { cause, retryAfter: 30 })
  }
  const said = failure.code ?? nameOf(failure)
  const message = /^RequestTimeTooSkewed$|^RequestExpired$/.test(failure.name)
    ? `The clocks of this server and of the store differ too much (${said}). Nothing was changed; try again when they are set.`
    : `The store cannot be used right now (${said}). Nothing was changed; try again later.`
  return new PartwayError('service_unavailable', message, { cause, retryAfter: 5 })
}

/** Answers to HEAD have no body, and so no name. */
function nameOf({ name, $metadata }: StoreFailure): string {
  const unnamed = /^(Unknown(Error)?|\d{3}|Error)$/.test(name) && $metadata?.httpStatusCode
  return unnamed ? `HTTP status ${unnamed}` : name
}

function describe({ name, code, $metadata }: StoreFailure): string {
  const { httpStatusCode, requestId } = $metadata ?? {}
  const known = [
    code,
    httpStatusCode && `HTTP status ${httpStatusCode}`,
    requestId && `request ${requestId}`,
  ]
  const detail = known.filter(Boolean).join(', ')
  return detail ? `${name} (${detail})` : name
}

/** Runs `work`, translating what the store throws. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}
