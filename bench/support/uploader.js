// Uploads one file with one of the clients and tells how it went: a process of its own, so that
// its memory and what it writes are its own too. JavaScript, because taking the types away takes
// Node 20 MiB, and each client is imported only where it is used, because that takes memory too.
import { readFile } from 'node:fs/promises'

const { client, server, apiKey, file } = JSON.parse(process.argv[2])
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

const numberIn = async (name, pattern) =>
  Number(pattern.exec(await readFile(`/proc/self/${name}`, 'utf8'))[1])
/** Bytes given to any file or socket. */
const written = () => numberIn('io', /^wchar: (\d+)$/m)

const upload = await (client === 'ours' ? prepareOurs() : prepareSdk())
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
