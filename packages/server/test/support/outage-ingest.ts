import { setTimeout as sleep } from 'node:timers/promises'
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Asset, AssetList } from '@partway/protocol'
import { expect, vi } from 'vitest'
import { importUrl, settled } from './assets-create.ts'
import { type Answer, MiB } from './program-api.ts'
import { fetchSha256, randomSound, sha256 } from './program-files.ts'
import type { TestBucket } from './s3.ts'
import { patiently, startServers } from './servers.ts'
import { sendSlowForm, startSlowSource } from './slow-transfers.ts'

/** Four chunks where nobody knows how long it is, a dozen where somebody does. */
const SIZE = 60 * MiB + 1
/** Bytes a second: a chunk of either kind ends while something is away. */
const RATE = 10 * MiB
const UNDER_WAY = 20 * MiB
const AWAY_MS = 3000
const TRY_EVERY_MS = 200

const SETTINGS = {
  ...{ PARTWAY_IMPORT_RANGES: '127.0.0.0/8', PARTWAY_IMPORT_TIMEOUT: '90s' },
  // What is left by whoever could not even say that it failed is freed when it expires.
  ...{ PARTWAY_UPLOAD_TTL: '30s', PARTWAY_GRACE_PERIOD: '1s', PARTWAY_SWEEP_INTERVAL: '200ms' },
}
const FREED = { timeout: 60_000, interval: 500 }

export interface IngestOutageOptions {
  env: Record<string, string>
  bucket: TestBucket
  /** Takes something away. */
  down: () => Promise<void>
  /** Brings it back. Absent: it came back on its own. */
  up?: () => Promise<void>
}

/**
 * Sends a file in a form and has the same fetched from a URL while something is away, and expects that
 * whatever is refused is refused clearly and can be repeated, that all that is shown afterwards is whole,
 * and that nothing else is left in the bucket.
 */
export async function expectIngestSurvives(options: IngestOutageOptions): Promise<void> {
  const { env, bucket, down, up } = options
  await using servers = await startServers({ env: { ...env, ...SETTINGS }, each: [{}] })
  const [server] = servers.places
  const { api, url, log } = server!
  const [bytes, small] = [randomSound(SIZE), randomSound(1000)]
  await using source = await startSlowSource({ name: 'fetched.wav', bytes }, RATE)
  const fetched = await importUrl({ url }, source.url)
  const form = sendSlowForm({ url }, { name: 'sent.wav', bytes }, RATE)
  await vi.waitFor(() => expect(Math.min(form.sent(), source.sent())).toBeGreaterThan(UNDER_WAY), {
    timeout: 30_000,
    interval: 50,
  })
  expect(Math.max(form.sent(), source.sent()), 'both are under way').toBeLessThan(SIZE)

  await down()
  const tried: Answer[] = []
  const trySmall = async () => {
    const file = { name: 'small.wav', bytes: small }
    const answer = await sendSlowForm({ url }, file, RATE).answer
    tried.push(answer)
    return answer
  }
  // What comes back does so only after the form has met that it is away.
  let isAnswered = false
  void form.answer.then(() => {
    isAnswered = true
  })
  const until = performance.now() + AWAY_MS
  while (performance.now() < until || (up && !isAnswered)) {
    await trySmall()
    await sleep(TRY_EVERY_MS)
  }
  await up?.()

  const first = await form.answer
  tried.push(first)
  if (first.status !== 201) {
    const again = () => sendSlowForm({ url }, { name: 'sent.wav', bytes }, 10 * RATE).answer
    tried.push(await patiently(again))
  }
  await patiently(trySmall)
  for (const answer of tried) {
    const { status, headers, body } = answer
    expect(status, JSON.stringify(body)).toBeOneOf([201, 503])
    if (status !== 503) continue
    expect(body).toMatchObject({ code: 'service_unavailable' })
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  }
  if (up) expect(first.status, 'of what was under way').toBe(503)
  const accepted = tried.filter(({ status }) => status === 201)
  const ids = [fetched, ...accepted.map(({ body }) => (body as Asset)._id)]

  const digests: Record<string, string> = {
    ...{ 'sent.wav': sha256(bytes), 'fetched.wav': sha256(bytes) },
    'small.wav': sha256(small),
  }
  for (const id of ids) {
    const asset = await settled({ url }, id)
    expect(asset, JSON.stringify(asset)).toMatchObject({ status: 'ready' })
    expect(await fetchSha256(asset.url!), asset.filename).toBe(digests[asset.filename])
  }
  const { data } = (await api.request('GET', '/assets?page_limit=50')).body as AssetList
  expect(data.map(({ _id }) => _id).toSorted()).toEqual(ids.toSorted())
  await expect.poll(() => keysIn(bucket), FREED).toEqual(ids.toSorted())
  expect(log()).not.toContain('"status":500')
}

/** Ids of the assets whose bytes are in a bucket, sealed or not. */
async function keysIn({ client, name: Bucket }: TestBucket): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
  return [...Contents, ...Uploads].map(({ Key }) => Key!.split('/').at(-1)!).toSorted()
}
