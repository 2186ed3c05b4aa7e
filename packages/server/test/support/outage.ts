import { setTimeout as sleep } from 'node:timers/promises'
import { fromBytes } from '@partway/client'
import { createClient } from '@partway/client/node'
import type { AssetList } from '@partway/protocol'
import { expect, vi } from 'vitest'
import { upTo } from '../contract/samples.ts'
import { TEST_KEY } from './program.ts'
import { createApi, MiB, sendAll } from './program-api.ts'
import { fetchSha256, randomVideo, sha256 } from './program-files.ts'
import { type Place, startServers } from './servers.ts'

const FILES = 3
const SIZE = 60 * MiB + 1
/** Bytes a second of each, so that none is there before the fault is. */
const RATE = 7 * MiB
/** What is going on when the fault comes: this part of every file has been confirmed. */
const UNDER_WAY = 0.15
const PROBE_EVERY_MS = 150

/**
 * What is asked of a server all the time, and the status that says that it can. Of a chunk that was
 * never sent the store is asked each time, and says so.
 */
const ASKED = { read: 200, create: 201, presign: 200, report: 200, unsent: 400, ready: 200 }
type Asked = keyof typeof ASKED

/** What a server answered while something was wrong. */
interface Probe {
  what: Asked
  status: number
  code: string | undefined
  retryAfter: number
  ms: number
}

export interface OutageOptions {
  env: Record<string, string>
  /** More settings of each server. */
  each?: Record<string, string>[]
  /** What goes wrong, and is mended in the end. */
  fault: (servers: Place[]) => Promise<void>
  /** No answer may take longer; a restart is over sooner than any limit. @default 8000 */
  slowestMs?: number
  /** What servers cannot do meanwhile. @default nothing is looked for */
  refused?: Asked[]
}

/**
 * Uploads several files by way of two servers with our own client, lets `fault` happen in the middle,
 * and expects that all of them arrive, and that servers say clearly what they cannot do meanwhile.
 */
export async function expectUploadsSurvive(options: OutageOptions): Promise<void> {
  const { env, each, fault, slowestMs = 8000, refused = [] } = options
  await using servers = await startServers({ env, ...(each ? { each } : {}) })
  const { places } = servers
  const probes: Probe[] = []
  const probing = new AbortController()
  const uploads = upTo(FILES).map((i) => {
    const { url: server } = places[i % places.length]!
    const bytes = randomVideo(SIZE)
    const upload = createClient({ server, apiKey: TEST_KEY }).upload(
      fromBytes(bytes, `film-${i}.mp4`),
      { type: 'video', limitRate: RATE },
    )
    const done = upload.done()
    // It is waited for below; before that a failure is not unhandled.
    done.catch(() => {})
    return { upload, done, digest: sha256(bytes) }
  })
  const watching = Promise.all(places.map((place) => watch(place, probes, probing.signal)))
  try {
    await vi.waitFor(
      () => {
        for (const { upload } of uploads) {
          expect(upload.progress.acknowledged).toBeGreaterThan(UNDER_WAY * SIZE)
        }
      },
      { timeout: 20_000, interval: 50 },
    )
    for (const { upload } of uploads) expect(upload.progress.phase).toBe('sending')

    await fault(places)

    for (const { done, digest } of uploads) expect(await fetchSha256((await done).url)).toBe(digest)
    await vi.waitFor(
      async () => {
        for (const { url } of places) expect((await fetch(`${url}/ready`)).status).toBe(200)
      },
      { timeout: 10_000 },
    )
  } finally {
    probing.abort()
    await watching
  }

  for (const { api, log } of places) {
    const { body } = await api.request('GET', '/assets?filename=film-&page_limit=50')
    const names = (body as AssetList).data.map(({ filename }) => filename)
    expect(names.toSorted()).toEqual(upTo(FILES).map((i) => `film-${i}.mp4`))
    expect(log()).not.toContain('"status":500')
  }
  for (const probe of probes) {
    expect(probe.status, JSON.stringify(probe)).toBeOneOf([ASKED[probe.what], 503])
    expect(probe.ms, JSON.stringify(probe)).toBeLessThan(slowestMs)
    if (probe.status !== 503) continue
    expect(probe.code, JSON.stringify(probe)).toBe('service_unavailable')
    expect(probe.retryAfter, JSON.stringify(probe)).toBeGreaterThan(0)
  }
  const refusals = new Set(probes.filter(({ status }) => status === 503).map(({ what }) => what))
  expect([...refusals], 'what was refused').toEqual(expect.arrayContaining(refused))
  const granted = new Set(probes.filter(({ status }) => status !== 503).map(({ what }) => what))
  expect([...granted].toSorted(), 'what could be done').toEqual(Object.keys(ASKED).toSorted())
}

/** Asks a server for everything, time and again. A server that is gone gives no answer, which is its right. */
async function watch(place: Place, probes: Probe[], signal: AbortSignal): Promise<void> {
  const asked = { filename: 'probe.mp4', type: 'video', total_size: 100 }
  const root = '/assets/multipart-uploads'
  const api = createApi(place)
  const { session, proofs } = await sendAll(api, randomVideo(100), 'probe.mp4')
  const open = await api.create(100, 'probe.mp4')
  const report = { completed_chunks: proofs }
  const range = { start: 1, count: 1 }
  const asks: Record<Asked, () => Promise<Omit<Probe, 'what' | 'ms'>>> = {
    read: async () => probeOf(await api.request('GET', '/assets')),
    create: async () => probeOf(await api.request('POST', root, asked)),
    presign: async () =>
      probeOf(await api.request('POST', `${root}/${open.upload_id}/presigned-urls`, range)),
    unsent: async () => probeOf(await api.request('POST', `${root}/${open.upload_id}`, report)),
    report: async () => probeOf(await api.request('POST', `${root}/${session.upload_id}`, report)),
    ready: async () => {
      const answer = await fetch(`${place.url}/ready`)
      const { status, headers } = answer
      return probeOf({ status, headers, body: await answer.json() })
    },
  }
  await Promise.all(
    Object.entries(asks).map(async ([what, ask]) => {
      while (!signal.aborted) {
        const started = performance.now()
        const answer = await ask().catch(() => undefined)
        if (answer) probes.push({ what: what as Asked, ...answer, ms: performance.now() - started })
        await sleep(PROBE_EVERY_MS)
      }
    }),
  )
}

function probeOf(answer: { status: number; headers: Headers; body: unknown }) {
  const { code } = (answer.body ?? {}) as { code?: string }
  const retryAfter = Number(answer.headers.get('retry-after') ?? 0)
  return { status: answer.status, code, retryAfter }
}
