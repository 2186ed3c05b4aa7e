import { createHmac, hash } from 'node:crypto'

// Signature version 4 in the query of a URL: "Authenticating Requests: Using Query Parameters",
// Amazon S3 API reference. Nothing here reads a clock or an environment.

export interface SigningCredentials {
  accessKeyId: string
  secretAccessKey: string
  /** Of temporary credentials. */
  sessionToken?: string | undefined
}

export interface Scope {
  credentials: SigningCredentials
  region: string
  /** When the URL starts to work, epoch milliseconds; sent as whole seconds. */
  date: number
  /** How long it works, whole seconds from 1 to {@link MAX_EXPIRES_S}. */
  expiresIn: number
}

export interface UrlToSign {
  method: 'GET' | 'PUT'
  /** Scheme, host and port. */
  origin: string
  /** As it is sent, see {@link encodePath}. */
  path: string
  /** Headers the request must carry besides `host`, by their lower-case names. */
  headers?: Record<string, string>
}

/** Seven days: no store takes more. */
export const MAX_EXPIRES_S = 604_800

const ALGORITHM = 'AWS4-HMAC-SHA256'
const SERVICE = 's3'

/** Percent-encodes all but the unreserved characters of RFC 3986. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** A key as it stands in a path: every slash of it stays one. */
export const encodePath = (key: string): string => key.split('/').map(encode).join('/')

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()

/** The key that signs for one day (`YYYYMMDD`), region and service. */
export function signingKey(secret: string, day: string, region: string, service: string): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request')
}

/** Signs what is signed of requests of one time and scope: 64 lower-case hex digits. */
export function createSignature(
  key: Buffer,
  { amzDate, scope }: { amzDate: string; scope: string },
): (canonicalRequest: string) => string {
  const sign = hmacOfDigests(key, `${ALGORITHM}\n${amzDate}\n${scope}\n`)
  return (canonicalRequest) => sign(hash('sha256', canonicalRequest, 'hex'))
}

const BLOCK = 64
const DIGEST = 32

/**
 * HMAC-SHA-256 of `prefix` and 64 hex digits, by RFC 2104. Written out, because it is most of the work
 * for a URL, and two digests over memory that is prepared take half the time of Node's Hmac.
 *
 * @param key at most {@link BLOCK} bytes
 */
function hmacOfDigests(key: Buffer, prefix: string): (digest: string) => string {
  const start = BLOCK + Buffer.byteLength(prefix, 'latin1')
  const inner = Buffer.alloc(start + 2 * DIGEST, 0x36)
  const outer = Buffer.alloc(BLOCK + DIGEST, 0x5c)
  for (const [i, byte] of key.entries()) {
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  inner.write(prefix, BLOCK, 'latin1')
  return (digest) => {
    inner.write(digest, start, 'latin1')
    outer.write(hash('sha256', inner, 'binary'), BLOCK, 'binary')
    return hash('sha256', outer, 'hex')
  }
}

/** `YYYYMMDDTHHMMSSZ` */
const amzDateOf = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/[-:]|\.\d{3}/g, '')

/** Remembers the last signing key: it changes once a day, or with the credentials. */
export function createPresigner() {
  let known: { id: string; key: Buffer } | undefined

  function keyFor({ credentials, region }: Scope, day: string): Buffer {
    const { secretAccessKey } = credentials
    const id = `${day}/${region}/${secretAccessKey}`
    if (known?.id !== id) known = { id, key: signingKey(secretAccessKey, day, region, SERVICE) }
    return known.key
  }

  /**
   * What all URLs of one place have in common is worked out once; the function returned makes a
   * URL for each query.
   *
   * The query is encoded and its parameters are in ascending order. Their names begin with lower-case
   * letters, so that they come after those of the signature, in the order that is signed.
   */
  return function presigner(scope: Scope, { method, origin, path, headers = {} }: UrlToSign) {
    const amzDate = amzDateOf(scope.date)
    const day = amzDate.slice(0, 8)
    const dated = { amzDate, scope: `${day}/${scope.region}/${SERVICE}/aws4_request` }
    const sign = createSignature(keyFor(scope, day), dated)
    const all = Object.entries({ ...headers, host: new URL(origin).host }).sort(([a], [b]) =>
      a < b ? -1 : 1,
    )
    const signedHeaders = all.map(([name]) => name).join(';')
    const headerLines = all.map(([name, value]) => `${name}:${value}\n`).join('')
    const { accessKeyId, sessionToken } = scope.credentials
    // The signature has its alphabetical place between these two.
    const before = [
      `X-Amz-Algorithm=${ALGORITHM}`,
      'X-Amz-Content-Sha256=UNSIGNED-PAYLOAD',
      `X-Amz-Credential=${encode(`${accessKeyId}/${dated.scope}`)}`,
      `X-Amz-Date=${amzDate}`,
      `X-Amz-Expires=${scope.expiresIn}`,
      ...(sessionToken ? [`X-Amz-Security-Token=${encode(sessionToken)}`] : []),
    ].join('&')
    const after = `X-Amz-SignedHeaders=${encode(signedHeaders)}&`
    const signedBefore = `${method}\n${path}\n${before}&${after}`
    const signedAfter = `\n${headerLines}\n${signedHeaders}\nUNSIGNED-PAYLOAD`
    const shownBefore = `${origin}${path}?${before}&X-Amz-Signature=`

    return (query: string): string => {
      const signed = sign(signedBefore + query + signedAfter)
      return `${shownBefore}${signed}&${after}${query}`
    }
  }
}
