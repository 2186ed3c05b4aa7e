import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { inject } from 'vitest'
import type { S3StoreOptions } from '../../src/adapters/s3/bucket.ts'
import type { S3Access } from './ceph.ts'

const provided = inject('s3')

/** Why tests on S3 are skipped; `undefined` when they run. */
export const s3Missing = 'missing' in provided ? provided.missing : undefined

/** How to reach the store of this run. Only where it is there. */
function s3Access(): S3Access {
  if ('missing' in provided) throw new Error(provided.missing)
  return provided
}

/** Where the store of this run is. */
export const s3Endpoint = () => s3Access().endpoint

/** What the standard chain of the AWS SDK reads. */
export const s3Environment = ({ accessKeyId, secretAccessKey }: S3Access = s3Access()) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
})

/** A client that asks once and looks at everything itself. */
export function s3Client({ endpoint, ...credentials }: S3Access = s3Access()): S3Client {
  return new S3Client({
    ...{ endpoint, credentials, region: 'us-east-1', forcePathStyle: true },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

let buckets = 0

/** A new bucket; it is gone with the store. */
export async function makeBucket(access: S3Access = s3Access()): Promise<string> {
  const bucket = `test-${process.pid}-${Date.now().toString(36)}-${++buckets}`
  const client = s3Client(access)
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  return bucket
}

export interface TestBucket extends AsyncDisposable {
  name: string
  client: S3Client
}

/** A new bucket for tests that put much into it, emptied when the test is over: `await using`. */
export async function createBucket(access: S3Access = s3Access()): Promise<TestBucket> {
  const Bucket = await makeBucket(access)
  const client = s3Client(access)
  return {
    ...{ name: Bucket, client },
    async [Symbol.asyncDispose]() {
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
        const keys = Contents.map(({ Key }) => Key)
        await Promise.all(keys.map((Key) => client.send(new DeleteObjectCommand({ Bucket, Key }))))
      }
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
      for (const { Key, UploadId } of Uploads) {
        await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
      }
      client.destroy()
    },
  }
}

/** A store in a new bucket, as the server would open it. */
export async function s3Options(changes: Partial<S3StoreOptions> = {}): Promise<S3StoreOptions> {
  const { endpoint, accessKeyId, secretAccessKey } = s3Access()
  return {
    ...{ bucket: await makeBucket(), prefix: 'media/', region: 'us-east-1', endpoint },
    ...{ pathStyle: true, clock: Date.now, credentials: { accessKeyId, secretAccessKey } },
    ...changes,
  }
}

/** `PARTWAY_STORE_URL` of a store in a bucket. */
export function s3Url(bucket: string, endpoint: string = s3Access().endpoint): string {
  return `s3://${bucket}/media?endpoint=${encodeURIComponent(endpoint)}&path_style=1`
}
