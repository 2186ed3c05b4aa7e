import type { S3Access } from './ceph.ts'
import { SIGNING_KEYS } from './installations.ts'
import { s3Environment, s3Url, type TestBucket } from './s3.ts'

/** Settings of servers that share a database and a bucket. */
export const sharedEnv = (
  databaseUrl: string,
  { name }: TestBucket,
  access?: S3Access,
): Record<string, string> => ({
  ...{ ...SIGNING_KEYS, ...s3Environment(access) },
  PARTWAY_DATABASE_URL: databaseUrl,
  PARTWAY_STORE_URL: s3Url(name, access?.endpoint),
})
