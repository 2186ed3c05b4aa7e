import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { Clock } from '../../core/ports.ts'

export interface S3StoreOptions {
  bucket: string
  /** Below which all keys are: empty, or a path that ends with a slash. */
  prefix: string
  region: string
  /** Scheme, host and port. @default Amazon's for the region */
  endpoint?: string | undefined
  /** Where clients and readers reach the store, if not at `endpoint`. */
  publicEndpoint?: string | undefined
  /** The bucket in the path of URLs instead of in the host. */
  pathStyle: boolean
  clock: Clock
  /** @default the standard chain of the AWS SDK */
  credentials?: Credentials
}

export type Credentials = NonNullable<S3ClientConfig['credentials']>

const CONNECT_TIMEOUT_MS = 5000
/** Of a connection on which nothing moves, while bytes of media are on their way. */
const IDLE_TIMEOUT_MS = 60_000
const MAX_ATTEMPTS = 3

/**
 * How long the answer to a question may be waited for, each of {@link MAX_ATTEMPTS} times: a store that
 * hangs must not hang whoever asks us. Not for requests with bodies, which take as long as they take.
 */
export const ASKING = { requestTimeout: 5000 }

/**
 * In all: what a store has to do for CompleteMultipartUpload takes longer. Whoever reported hears a
 * 503 then, the store goes on, and the repeated report finds what it made.
 */
const COMPLETE_TIMEOUT_MS = 30_000
export const completing = () => ({ abortSignal: AbortSignal.timeout(COMPLETE_TIMEOUT_MS) })

export interface Bucket {
  client: S3Client
  bucket: string
}

export function openBucket(options: S3StoreOptions): Bucket {
  const { bucket, region, endpoint, pathStyle, credentials } = options
  const client = new S3Client({
    ...{ region, forcePathStyle: pathStyle, maxAttempts: MAX_ATTEMPTS },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Only the options say where the store is: URLs for clients must lead to where we ask.
    ...{ ignoreConfiguredEndpointUrls: true, useFipsEndpoint: false, useDualstackEndpoint: false },
    // Stores other than Amazon's do not know all of these.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      // Otherwise the time limit of a request is only written to the log.
      throwOnRequestTimeout: true,
      // Readers that stand still hold connections; they must not keep the others waiting.
      httpAgent: { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY },
      httpsAgent: { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY },
    },
  })
  return { client, bucket }
}
