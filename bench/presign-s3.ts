import { S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { openS3Store } from '../packages/server/src/adapters/s3/store.ts'
import type { Upload } from '../packages/server/src/core/types.ts'
import { median, type PartResult, progress } from './support/report.ts'

const GiB = 2 ** 30
const MiB = 2 ** 20
const COUNT = 50
const ROUNDS = 7
/** Calls for {@link COUNT} URLs in a run: about a second of each contestant. */
const OUR_CALLS = 8000
const SDK_CALLS = 120
const TARGET = 50

const BUCKET = 'media'
const REGION = 'us-east-1'
const ENDPOINT = 'https://s3.example.com'
const NOW = Date.parse('2026-11-22T10:00:00Z')
const EXPIRES_S = 3600
const credentials = async () => ({ accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'x'.repeat(40) })

const upload: Upload = {
  ...{ totalSize: 10 * GiB, chunkSize: 16 * MiB, totalChunks: 640 },
  ...{ id: '507f1f77bcf86cd799439011', assetId: '507f1f77bcf86cd799439012', account: 'default' },
  ...{ method: 'multipart', filename: 'film.mp4', type: 'video', state: 'active' },
  ...{ storeRef: '2~SVJOxHf4D9Gm0nC1bmBqMPAhk3b0NfT', reason: undefined },
  ...{ createdAt: NOW, updatedAt: NOW, expiresAt: NOW + 24 * EXPIRES_S * 1000 },
}
const indexes = Array.from({ length: COUNT }, (_, i) => i + 1)

/** How fast URLs of parts are signed, by us and by the AWS SDK. */
export async function presignS3(): Promise<PartResult> {
  const store = openS3Store({
    ...{ bucket: BUCKET, prefix: '', region: REGION, endpoint: ENDPOINT, pathStyle: true },
    ...{ credentials, clock: () => NOW },
  })
  const client = new S3Client({
    ...{ region: REGION, endpoint: ENDPOINT, forcePathStyle: true, credentials },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  const ours = async () =>
    (await store.presign(upload, indexes, { origin: '', expiresAt: NOW + EXPIRES_S * 1000 })).urls
  const theirs = () =>
    Promise.all(
      indexes.map((PartNumber) =>
        getSignedUrl(
          client,
          new UploadPartCommand({
            ...{ Bucket: BUCKET, Key: `objects/${upload.assetId}`, UploadId: upload.storeRef },
            ...{ PartNumber, ContentLength: upload.chunkSize },
          }),
          { expiresIn: EXPIRES_S, signingDate: new Date(NOW) },
        ),
      ),
    )

  const runs: { ours: number; theirs: number }[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    progress(`presign: S3, round ${round} of ${ROUNDS}`)
    const mine = await measure(ours, OUR_CALLS)
    const other = await measure(theirs, SDK_CALLS)
    if (mine.last !== other.last) throw new Error('the URLs are not the same')
    // The first one warms up.
    if (round > 0) runs.push({ ours: mine.perCpuSecond, theirs: other.perCpuSecond })
  }
  const ratios = runs.map((run) => run.ours / run.theirs)
  const row = (name: string, values: number[], digits = 0) => [
    name,
    ...[median(values), Math.min(...values), Math.max(...values)].map((value) =>
      value.toLocaleString('en', { maximumFractionDigits: digits }),
    ),
  ]
  return {
    title: 'presign: URLs of an S3 store',
    method: `URLs for parts, ${COUNT} at a time, signed in this process; ${ROUNDS} rounds after one to warm up. A CPU-second is one core's.`,
    header: ['URLs per CPU-second', 'median', 'slowest', 'fastest'],
    rows: [
      row(
        'Partway',
        runs.map((run) => run.ours),
      ),
      row(
        '@aws-sdk/s3-request-presigner',
        runs.map((run) => run.theirs),
      ),
      row('ratio', ratios, 1),
    ],
    targets: [
      {
        what: "times the AWS SDK's URLs per CPU-second",
        target: `>= ${TARGET}`,
        measured: median(ratios).toFixed(1),
        met: median(ratios) >= TARGET,
      },
    ],
  }
}

async function measure(sign: () => Promise<string[]>, calls: number) {
  const before = process.cpuUsage()
  let last: string | undefined
  for (let i = 0; i < calls; i++) last = (await sign()).at(-1)
  const { user, system } = process.cpuUsage(before)
  return { last, perCpuSecond: (calls * COUNT * 1e6) / (user + system) }
}
