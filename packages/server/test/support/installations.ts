import { createHash } from 'node:crypto'
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { type Installation, type OpenInstallation, openOnFolder } from './installation.ts'
import { createDatabase, skipsPostgres } from './postgres.ts'
import { startProgram, temporaryFolder } from './program.ts'
import { createBucket, s3Endpoint, s3Environment, s3Missing, s3Url, type TestBucket } from './s3.ts'

export const SIGNING_KEYS = { PARTWAY_SIGNING_KEYS: 'k'.repeat(32) }

const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

/** What is in a bucket below the prefix of tests. Only few things: nothing is read page by page. */
export async function bucketContent({ client, name: Bucket }: TestBucket) {
  const Prefix = 'media/objects/'
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }))
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))
  return {
    objects: Contents.map(({ Key }) => Key!.slice(Prefix.length)),
    uploads: Uploads.length,
  }
}

/** A bucket of one's own; `settings` may name another database than SQLite. */
async function openOnBucket(
  publicEndpoint: string | undefined,
  settings: Record<string, string> = {},
): Promise<OpenInstallation> {
  const files = await temporaryFolder()
  const bucket = await createBucket()
  const elsewhere = publicEndpoint ? `&public_endpoint=${encodeURIComponent(publicEndpoint)}` : ''
  const fixed = {
    ...{ ...s3Environment(), ...settings },
    PARTWAY_STORE_URL: s3Url(bucket.name) + elsewhere,
  }
  return {
    start: ({ env, ...options } = {}) =>
      startProgram({ data: files.path, env: { ...fixed, ...env }, ...options }),
    kept: () => bucketContent(bucket),
    etagOf: md5,
    async [Symbol.asyncDispose]() {
      await bucket[Symbol.asyncDispose]()
      await files[Symbol.asyncDispose]()
    },
  }
}

/** The same, on a database of its own. */
async function onPostgres(
  open: (settings: Record<string, string>) => Promise<OpenInstallation>,
): Promise<OpenInstallation> {
  const database = await createDatabase()
  const installation = await open({ ...SIGNING_KEYS, PARTWAY_DATABASE_URL: database.url })
  return {
    ...installation,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

const skipsS3 = s3Missing !== undefined
const onS3 = skipsS3 ? {} : { endpoint: s3Endpoint() }

/** All combinations of database and store but the embedded one. */
export const installations: Installation[] = [
  {
    name: 'PostgreSQL and a folder',
    skips: skipsPostgres,
    open: () => onPostgres(openOnFolder),
  },
  {
    name: 'SQLite and S3',
    ...{ skips: skipsS3, ...onS3 },
    open: ({ publicEndpoint } = {}) => openOnBucket(publicEndpoint),
  },
  {
    name: 'PostgreSQL and S3',
    ...{ skips: skipsPostgres || skipsS3, ...onS3 },
    open: ({ publicEndpoint } = {}) =>
      onPostgres((settings) => openOnBucket(publicEndpoint, settings)),
  },
]
