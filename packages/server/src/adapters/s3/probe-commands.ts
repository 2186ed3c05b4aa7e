import type { CORSRule, LifecycleRule } from '@aws-sdk/client-s3'

// What mends a bucket, ready to be copied: commands of the AWS command line, and statements of IAM.

/** What is needed of the settings to say how to mend something. */
export interface Place {
  bucket: string
  prefix: string
  region: string
  endpoint?: string | undefined
  publicEndpoint?: string | undefined
}

/** What is asked of the bucket as a whole. */
const OF_BUCKET = /^s3:(ListBucket|GetLifecycleConfiguration)$/

/** What is to be added to a policy. */
export function statement(action: string, { bucket, prefix }: Place): string {
  const Resource = `arn:aws:s3:::${bucket}${OF_BUCKET.test(action) ? '' : `/${prefix}*`}`
  return JSON.stringify({ Effect: 'Allow', Action: action, Resource })
}

function s3api(command: string, { bucket, endpoint, region }: Place, ...more: string[]): string {
  const where = endpoint === undefined ? [] : ['--endpoint-url', endpoint]
  return [
    ...['aws', 's3api', command, '--bucket', bucket, ...where, '--region', region, ...more],
  ].join(' ')
}

const quoted = (value: unknown) => `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`

export function createBucketCommand(place: Place): string {
  // Amazon wants to be told of every region but its first; others call theirs as they like.
  const elsewhere = place.endpoint === undefined && place.region !== 'us-east-1'
  const location = { LocationConstraint: place.region }
  const more = elsewhere ? ['--create-bucket-configuration', quoted(location)] : []
  return s3api('create-bucket', place, ...more)
}

export const putCorsCommand = (place: Place, CORSRules: CORSRule[]): string =>
  s3api('put-bucket-cors', place, '--cors-configuration', quoted({ CORSRules }))

export const putLifecycleCommand = (place: Place, Rules: LifecycleRule[]): string =>
  s3api(
    ...(['put-bucket-lifecycle-configuration', place] as const),
    ...['--lifecycle-configuration', quoted({ Rules })],
  )

/** Keys of the store's own, so that ETags are MD5. */
export function putEncryptionCommand(place: Place): string {
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }]
  return s3api(
    ...(['put-bucket-encryption', place] as const),
    ...['--server-side-encryption-configuration', quoted({ Rules })],
  )
}

export const deleteObjectCommand = (place: Place, key: string): string =>
  s3api('delete-object', place, '--key', key)

export const abortUploadCommand = (place: Place, key: string, uploadId: string): string =>
  s3api('abort-multipart-upload', place, '--key', key, '--upload-id', uploadId)
