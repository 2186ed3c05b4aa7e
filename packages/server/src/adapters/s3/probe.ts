import { randomBytes } from 'node:crypto'
import { HeadBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { clockFinding, type Finding, within } from '../finding.ts'
import { addressOf } from './address.ts'
import { type Bucket, openBucket, type S3StoreOptions } from './bucket.ts'
import { createKeys } from './keys.ts'
import { createObjects } from './objects.ts'
import { originsOf, type Pages } from './probe-cors.ts'
import { isDenied, isUnnamed } from './probe-errors.ts'
import { probeLifecycle } from './probe-lifecycle.ts'
import { createSteps, type Steps } from './probe-steps.ts'
import { probeAbort, probeUpload } from './probe-upload.ts'

export interface S3ProbeOptions extends S3StoreOptions {
  pages: Pages
  /** How long uploads and their parts may be there, milliseconds. */
  keptMs: number
}

const LIST = { action: 's3:ListBucket' }
const SKIPPED = ['bucket', 'absent objects', 'begin', 'abort', 'lifecycle rule']

/** Whether a bucket can do what the store asks of it. What is put there is removed again. */
export async function probeS3(options: S3ProbeOptions): Promise<Finding[]> {
  const bucket = openBucket(options)
  const steps = createSteps(options)
  try {
    await probe(steps, bucket, options)
  } finally {
    bucket.client.destroy()
  }
  return steps.findings
}

async function probe(steps: Steps, bucket: Bucket, options: S3ProbeOptions): Promise<void> {
  const { pages, prefix, keptMs } = options
  const credentials = await steps.step(
    ...(['credentials', { action: 'looking for credentials' }] as const),
    () => bucket.client.config.credentials(),
    ({ expiration }) =>
      expiration
        ? `found; they expire at ${expiration.toISOString()}`
        : 'found; they do not expire',
  )
  if (!(await probeClock(steps, bucket, options))) {
    return steps.skip('the store cannot be reached', ...SKIPPED)
  }
  if (!credentials) return steps.skip('there are no credentials', ...SKIPPED)
  if (!(await probeBucket(steps, bucket, prefix))) {
    return steps.skip('the bucket cannot be used', ...SKIPPED.slice(1))
  }
  await steps.step(
    ...(['absent objects', LIST] as const),
    async () => {
      const key = createKeys(prefix).object(randomBytes(12).toString('hex'))
      if (await createObjects(bucket).find(key)) throw new Error('there is what cannot be there')
      return true
    },
    () => 'are said to be absent (404), not forbidden',
  )
  await probeUpload(steps, options, bucket, pages)
  await probeAbort(steps, bucket, prefix)
  if (originsOf(pages).length === 0) {
    const found =
      'not known: neither PARTWAY_PUBLIC_URL, of the console, nor PARTWAY_CORS_ORIGINS is set'
    steps.add({ check: 'uploads from pages', outcome: 'ok', found })
  }
  await probeLifecycle(steps, bucket, keptMs)
}

/** Without a key: whoever answers at all has a clock. */
async function probeClock(
  steps: Steps,
  bucket: Bucket,
  { publicEndpoint: _, ...options }: S3ProbeOptions,
): Promise<boolean> {
  const { origin, root } = addressOf(bucket, options)
  const answer = await steps.step(
    ...(['store', { action: `reaching ${origin}` }] as const),
    async (signal) => {
      const asked = Date.now()
      const { headers } = await fetch(`${origin}${root}/`, {
        ...{ method: 'HEAD', redirect: 'manual', signal },
      })
      return { date: Date.parse(headers.get('date') ?? ''), here: (asked + Date.now()) / 2 }
    },
    () => `${origin} answers`,
  )
  if (!answer) return false
  // A `Date` has whole seconds: half a second more is nearer on average.
  const ahead = answer.date + 500 - answer.here
  if (Number.isNaN(ahead)) steps.skip('the store does not say what time it is', 'store clock')
  else steps.add(clockFinding('store clock', Math.abs(ahead) < 1500 ? 0 : ahead, origin))
  return true
}

/** @returns whether anything else can be asked of it */
async function probeBucket(
  steps: Steps,
  { client, bucket: Bucket }: Bucket,
  prefix: string,
): Promise<boolean> {
  const list = (abortSignal: AbortSignal) =>
    client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }), { abortSignal })
  try {
    await within(async (abortSignal) => {
      await client.send(new HeadBucketCommand({ Bucket }), { abortSignal })
      // Asked for when an asset is removed, with its files.
      await list(abortSignal)
    })
  } catch (error) {
    // The answer to a HEAD has no body that would say why.
    const why = isUnnamed(error)
      ? await within(list).then(
          () => error,
          (told) => told,
        )
      : error
    steps.failed('bucket', why, LIST)
    return isDenied(why)
  }
  steps.add({ check: 'bucket', outcome: 'ok', found: `${Bucket} is there` })
  return true
}
