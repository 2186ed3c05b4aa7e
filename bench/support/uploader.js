// Uploads one file with one of the clients and tells how it went: a process of its own, so that
// its memory and what it writes are its own too. JavaScript, because taking the types away takes
// Node 20 MiB, and each client is imported only where it is used, because that takes memory too.
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'

const { client, server, apiKey, file, s3 } = JSON.parse(process.argv[2])
// The official client talks.
for (const method of ['log', 'warn']) console[method] = () => {}

async function prepareOurs() {
  const { createClient, openFile } = await import('@partway/client/node')
  const partway = createClient({ server, apiKey })
  return async () => {
    await using source = await openFile(file)
    const { assetId, url } = await partway.upload(source).done()
    return { assetId, url }
  }
}

async function prepareSdk() {
  const { TwelveLabs } = await import('twelvelabs-js')
  process.env.TWELVELABS_BASE_URL = `${server}/v1.3`
  const sdk = new TwelveLabs({ apiKey })
  return async () => {
    const { assetId, assetUrl } = await sdk.multipartUpload.uploadFile(file)
    return { assetId, url: assetUrl }
  }
}

async function prepareAws() {
  const { S3Client } = await import('@aws-sdk/client-s3')
  const { Upload } = await import('@aws-sdk/lib-storage')
  const { endpoint, credentials, bucket: Bucket, key: Key, partSize, queueSize } = s3
  const client = new S3Client({
    ...{ endpoint, credentials, region: 'us-east-1', forcePathStyle: true },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  return async () => {
    const Body = createReadStream(file)
    await new Upload({ client, params: { Bucket, Key, Body }, partSize, queueSize }).done()
    return { assetId: Key, url: '' }
  }
}

const PREPARE = { ours: prepareOurs, sdk: prepareSdk, aws: prepareAws }

const numberIn = async (name, pattern) =>
  Number(pattern.exec(await readFile(`/proc/self/${name}`, 'utf8'))[1])
/** Bytes given to any file or socket. */
const written = () => numberIn('io', /^wchar: (\d+)$/m)

const upload = await PREPARE[client]()
const before = await written()
const started = performance.now()
const uploaded = await upload()
const figures = {
  ...uploaded,
  seconds: (performance.now() - started) / 1000,
  written: (await written()) - before,
  peak: (await numberIn('status', /^VmHWM:\s*(\d+) kB$/m)) * 1024,
}
process.stdout.write(JSON.stringify(figures))
