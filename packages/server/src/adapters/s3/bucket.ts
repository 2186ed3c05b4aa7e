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
/** Of a connection on which nothing moves. S3 sends spaces while a long Complete is under way. */
const IDLE_TIMEOUT_MS = 60_000

export interface Bucket {
  client: S3Client
  bucket: string
}

export function openBucket(options: S3StoreOptions): Bucket {
  const { bucket, region, endpoint, pathStyle, credentials } = options
  const client = new S3Client({
    ...{ region, forcePathStyle: pathStyle, maxAttempts: 3 },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // Stores other than Amazon's do not know all of these.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      // Readers that stand still hold connections; they must not keep the others waiting.
      httpAgent: { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY },
      httpsAgent: { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY },
    },
  })
  return { client, bucket }
}
