import { SET_CLOCK } from '../finding.ts'
import { createBucketCommand, type Place, statement } from './probe-commands.ts'

/** What was asked for, and what the key must be allowed for it. */
export interface Asked {
  /** Such as `s3:PutObject`. */
  action: string
  /** By a URL that we signed, as clients use them. */
  signedUrl?: true
}

/** An answer to a signed URL that was not the one hoped for, in the form of the SDK's errors. */
export function answerError(status: number, body: string): Error {
  const name = /<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? String(status)
  return Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } })
}

interface Failure {
  name: string
  code: string | undefined
  status: number | undefined
  message: string
}

function failureOf(error: unknown): Failure {
  // `fetch` hides the reason in its cause, and what was tried on several addresses in a list.
  const { cause } = error as { cause?: unknown }
  const inner = error instanceof TypeError && cause instanceof Error ? cause : error
  const { name, message, code, $metadata, errors } = inner as Partial<AggregateError> & {
    code?: string
    $metadata?: { httpStatusCode?: number }
  }
  const [first] = (errors ?? []) as { code?: string }[]
  return {
    name: name ?? 'Error',
    code: code ?? first?.code,
    status: $metadata?.httpStatusCode,
    message: message ?? '',
  }
}

/** In one line, without what was signed and with which key. */
export function said(error: unknown): string {
  const { name, code, status, message } = failureOf(error)
  if (name === 'NoAnswerError') return message
  if (NO_CREDENTIALS.test(name)) return 'none were found'
  if (code) return code
  if (status === undefined) return message
  return /^\d+$|^Unknown|^Error$/.test(name)
    ? `HTTP status ${status}`
    : `${name} (HTTP status ${status})`
}

const NO_CREDENTIALS = /^(CredentialsProviderError|TokenProviderError)$/

export const isDenied = (error: unknown): boolean => {
  const { name, status } = failureOf(error)
  return name === 'AccessDenied' || (status === 403 && /^(\d+|Unknown.*|Forbidden)$/.test(name))
}

/** An answer that says neither what is wrong nor with what: those to HEAD have no body. */
export const isUnnamed = (error: unknown): boolean => {
  const { name, status } = failureOf(error)
  return status !== undefined && /^(\d+|Unknown.*|Error|Forbidden|NotFound)$/.test(name)
}

/** What to do about it. */
export function remedyOf(error: unknown, { action, signedUrl }: Asked, place: Place): string {
  const { name, code, status } = failureOf(error)
  const at = (signedUrl && place.publicEndpoint) || place.endpoint
  const unreached = code !== undefined || error instanceof TypeError
  if (name === 'NoAnswerError' || (unreached && status === undefined)) return reach(code, at)
  if (NO_CREDENTIALS.test(name)) {
    return 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…'
  }
  if (name === 'RequestTimeTooSkewed' || name === 'RequestExpired') return SET_CLOCK
  if (name === 'NoSuchBucket' || (status === 404 && action === 's3:ListBucket')) {
    return createBucketCommand(place)
  }
  if (name === 'InvalidAccessKeyId') {
    return 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…      # a key that this store knows'
  }
  if (name === 'SignatureDoesNotMatch') {
    return signedUrl
      ? `The proxy before ${at ?? 'the store'} must hand on Host, path and query as they are; nginx: proxy_set_header Host $http_host;`
      : 'export AWS_SECRET_ACCESS_KEY=…      # the secret that belongs to AWS_ACCESS_KEY_ID'
  }
  if (/^(ExpiredToken|InvalidToken|TokenRefreshRequired)$/.test(name)) {
    return 'export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_SESSION_TOKEN=…      # these have expired'
  }
  if (status === 301 || /^(PermanentRedirect|AuthorizationHeaderMalformed)$/.test(name)) {
    return `Set region= in PARTWAY_STORE_URL to what this says:\naws s3api get-bucket-location --bucket ${place.bucket}`
  }
  if (status === 413) {
    return `The proxy before ${at ?? 'the store'} limits bodies; nginx: client_max_body_size 0;`
  }
  if (isDenied(error)) return `Add to the rights of the key:\n${statement(action, place)}`
  return `Look into the log of the store for what it says about ${action}.`
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/

function reach(code: string | undefined, endpoint: string | undefined): string {
  if (code && CERTIFICATE.test(code)) {
    return 'export NODE_EXTRA_CA_CERTS=/path/to/ca.pem      # who signed the certificate of the store'
  }
  return `Check endpoint and public_endpoint in PARTWAY_STORE_URL, and that this machine gets there:\ncurl -v ${endpoint ?? 'https://s3.amazonaws.com'}`
}
