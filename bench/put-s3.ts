import { join } from 'node:path'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { planChunks } from '../packages/protocol/src/chunks.ts'
import { startCeph } from '../packages/server/test/support/ceph.ts'
import { sha256, writeRandomFile } from '../packages/server/test/support/program-files.ts'
import { benchFolder } from './support/cleanup.ts'
import { startPartway } from './support/partway.ts'
import { median, type PartResult, progress } from './support/report.ts'
import { type AwsUpload, runUpload, type UploadOrder } from './support/uploads.ts'

const MiB = 2 ** 20
const SIZE = 512 * MiB
const ROUNDS = 5
const BUCKET = 'bench'
const CONTESTANTS = {
  ours: '@partway/client through Partway',
  'aws 4': '@aws-sdk/lib-storage, 4 parts at once (its default)',
  'aws 16': '@aws-sdk/lib-storage, 16 parts at once',
}
type Contestant = keyof typeof CONTESTANTS
const NAMES = Object.keys(CONTESTANTS) as Contestant[]

/** One file into a bucket: through our URLs, and by the AWS SDK's own uploader. */
export async function putS3(): Promise<PartResult> {
  await using folder = await benchFolder()
  await using ceph = await startCeph({ sizeGiB: 6 })
  const { endpoint, accessKeyId, secretAccessKey } = ceph
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({
    ...{ endpoint, credentials, region: 'us-east-1', forcePathStyle: true },
    ...{ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' },
  })
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
  const file = join(folder.path, 'film.mp4')
  const digest = await writeRandomFile(file, SIZE)
  await using partway = await startPartway(join(folder.path, 'data'), {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    PARTWAY_STORE_URL: `s3://${BUCKET}/media?endpoint=${encodeURIComponent(endpoint)}&path_style=1`,
  })

  const { chunkSize: partSize } = planChunks(SIZE)
  const aws = (queueSize: number): UploadOrder => {
    const s3: AwsUpload = {
      endpoint,
      credentials,
      bucket: BUCKET,
      key: 'film',
      partSize,
      queueSize,
    }
    return { client: 'aws', s3, file }
  }
  const orders: Record<Contestant, UploadOrder> = {
    ours: { client: 'ours', server: partway.url, apiKey: partway.apiKey, file },
    ...{ 'aws 4': aws(4), 'aws 16': aws(16) },
  }

  /** MiB a second, from the first call to the last answer. */
  async function run(name: Contestant, check: boolean): Promise<number> {
    const outcome = await runUpload(orders[name], folder.path)
    if ('failed' in outcome) throw new Error(`${name}: ${outcome.failed}`)
    if (name === 'ours') await partway.processed(outcome.assetId)
    const Key = name === 'ours' ? `media/objects/${outcome.assetId}` : outcome.assetId
    if (check) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }))
      const stored = sha256(await Body!.transformToByteArray())
      if (stored !== digest) throw new Error(`${name}: other bytes`)
    }
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }))
    return SIZE / MiB / outcome.seconds
  }

  const speeds = new Map(NAMES.map((name) => [name, [] as number[]]))
  const turns = [...NAMES]
  for (let round = 0; round <= ROUNDS; round++) {
    // Nobody always comes first.
    turns.push(turns.shift()!)
    for (const name of turns) {
      progress(`s3: round ${round} of ${ROUNDS}, ${name}`)
      const speed = await run(name, round === 0)
      if (round > 0) speeds.get(name)!.push(speed)
    }
  }

  const ratios = speeds
    .get('ours')!
    .map((ours, i) => ours / Math.max(speeds.get('aws 4')![i]!, speeds.get('aws 16')![i]!))
  const ratio = median(ratios)
  return {
    title: 's3: one file into a bucket',
    method: `${SIZE / MiB} MiB into the same bucket of a Ceph on this machine that keeps objects in memory, in parts of ${partSize / MiB} MiB, each client in a process of its own, ${ROUNDS} rounds in turns after one to warm up; MiB/s from the first call to the last answer. Ours is all of it: create, URLs, PUTs, reports, seal, with the SHA-256 and MD5 of every chunk; the SDK computes no checksum.`,
    header: ['MiB/s', 'median', 'slowest', 'fastest'],
    rows: NAMES.map((name) => {
      const all = speeds.get(name)!
      const figures = [median(all), Math.min(...all), Math.max(...all)]
      return [CONTESTANTS[name], ...figures.map((value) => value.toFixed(0))]
    }),
    targets: [
      {
        what: "of the SDK's throughput, the faster of its two in each round",
        ...{ target: '>= 1x', measured: `${ratio.toFixed(2)}x`, met: ratio >= 1 },
      },
    ],
  }
}
