import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import {
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { makeBucket, s3Client, s3Endpoint, s3Environment, s3Missing } from '../support/s3.ts'

const SCRIPT = join(import.meta.dirname, '../../../../deploy/store-setup.sh')

const hasAws = spawnSync('aws', ['--version']).status === 0
const why = hasAws ? '' : ' (the AWS command line is not installed: apt-get install awscli)'
/** Without it these are skipped by name, but not in CI: there they fail. */
const skips = s3Missing !== undefined || (!hasAws && !process.env.CI)

const client = () => s3Client()

function setUp(bucket: string, more: Record<string, string>) {
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, AWS_REGION: 'us-east-1' },
    ...{ BUCKET: bucket, AWS_ENDPOINT_URL: s3Endpoint(), ...s3Environment(), ...more },
  }
  const { status, stderr } = spawnSync('sh', [SCRIPT], { env, encoding: 'utf8' })
  return { status, stderr }
}

const lifecycleOf = async (Bucket: string): Promise<LifecycleRule[]> =>
  (await client().send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules!

const ofOthers: LifecycleRule = {
  ...{ ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'logs/' }, Expiration: { Days: 9 } },
}

describe.skipIf(skips)(`deploy/store-setup.sh${why}`, () => {
  it('sets rules below the prefix, and can be run again', async () => {
    const bucket = await makeBucket()
    for (const PREFIX of ['films/partway', '/films/partway/']) {
      expect(setUp(bucket, { PREFIX })).toMatchObject({ status: 0 })
    }
    expect(await lifecycleOf(bucket)).toMatchObject([
      {
        ...{ ID: 'abort-orphaned-uploads', Filter: { Prefix: 'films/partway/' } },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
      },
    ])
    const { CORSRules } = await client().send(new GetBucketCorsCommand({ Bucket: bucket }))
    expect(CORSRules).toMatchObject([{ AllowedOrigins: ['*'] }])
  })

  it('can be run again where the whole bucket is ours, and only then without a prefix', async () => {
    const bucket = await makeBucket()
    expect(setUp(bucket, {})).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('PREFIX'),
    })
    for (const _ of [1, 2]) expect(setUp(bucket, { PREFIX: '' })).toMatchObject({ status: 0 })
  })

  it('leaves rules of others alone, shows them, and replaces them when it is forced', async () => {
    const bucket = await makeBucket()
    const LifecycleConfiguration = { Rules: [ofOthers] }
    await client().send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }),
    )
    const refused = setUp(bucket, { PREFIX: 'partway' })
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('"ID": "logs"') })
    expect(await lifecycleOf(bucket)).toMatchObject([{ ID: 'logs' }])
    await expect(client().send(new GetBucketCorsCommand({ Bucket: bucket }))).rejects.toThrow()

    expect(setUp(bucket, { PREFIX: 'partway', FORCE: '1' })).toMatchObject({ status: 0 })
    expect(await lifecycleOf(bucket)).toMatchObject([{ ID: 'abort-orphaned-uploads' }])
  })

  it('leaves pages of others alone that may use the bucket', async () => {
    const bucket = await makeBucket()
    const rule = { AllowedOrigins: ['https://shop.example.com'], AllowedMethods: ['GET'] }
    const CORSConfiguration = { CORSRules: [rule] }
    await client().send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration }))
    const refused = setUp(bucket, { PREFIX: 'partway' })
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('shop.example') })
  })
})
