import { chunkSizeAt } from '@partway/protocol'
import type { AssetsApi, UploadsApi } from '../api.ts'
import { UploadError } from '../error.ts'
import type { Platform } from '../platform.ts'
import { until } from '../retry.ts'
import { changed, type Source } from '../source.ts'
import type { Unreported } from './check.ts'
import type { Journal } from './journal.ts'
import type { Meter } from './progress.ts'
import type { ChunkReader } from './reader.ts'
import { createReporter } from './reporter.ts'
import type { Session } from './session.ts'
import type { Throttle } from './throttle.ts'
import { startTransfer, type Transfer } from './transfer.ts'
import { createUrls } from './urls.ts'
import type { Window } from './window.ts'

export interface SendDeps {
  uploads: UploadsApi
  assets: AssetsApi
  platform: Platform
  source: Source
  reader: ChunkReader
  journal: Journal
  meter: Meter
  window: Window
  throttle: Throttle
}

/** How often a chunk is sent again because the server does not have it as it was reported. */
const MAX_REFUSED = 3
/** How often it is looked for connections that lag behind, at the end. */
const TAIL_MS = 250
/** One that takes this many times as long as most do lags behind. */
const LAG = 1.5

/**
 * Sends every chunk that the server does not have, and reports them. As many are under way as the
 * window allows, always: there are no batches that wait for their last chunk.
 *
 * @returns where the content is
 */
export async function sendChunks(
  session: Session,
  unreported: Unreported[],
  deps: SendDeps,
  outer: AbortSignal,
): Promise<string> {
  const { uploads, assets, platform, source, reader, journal, meter, window, throttle } = deps
  const { uploadId, assetId, plan, headers, reported } = session
  const stop = new AbortController()
  const signal = AbortSignal.any([outer, stop.signal])
  const result = Promise.withResolvers<string>()
  const urls = createUrls(uploads, uploadId, plan, session.urls, signal)
  const known = new Set([...reported, ...unreported.map(({ index }) => index)])
  const todo: number[] = []
  for (let index = 1; index <= plan.totalChunks; index++) if (!known.has(index)) todo.push(index)
  const underWay = new Map<number, Transfer>()
  // Begun by a run before, and perhaps stored: the answer to their report tells.
  const claimed = new Set(unreported.flatMap((chunk) => (chunk.confirmed ? [] : [chunk.index])))
  const refusals = new Map<number, number>()
  const durations: number[] = []
  const tasks = new Set<Promise<void>>()
  const sizeOf = (index: number) => chunkSizeAt(plan, index)

  const reporter = createReporter(
    uploads,
    uploadId,
    { reported: onReported, refused: onRefused, failed: fail },
    signal,
  )

  function onReported(indexes: number[], url: string | undefined): void {
    noteClaims(indexes)
      .then(async () => {
        for (const index of indexes) reported.add(index)
        if (reported.size < plan.totalChunks) return
        result.resolve(url ?? (await assets.retrieve(assetId, signal)).url ?? '')
      })
      .catch(fail)
  }

  /** The server has chunks whose answers were lost: that is certain now, and so are their digests. */
  async function noteClaims(indexes: number[]): Promise<void> {
    for (const { index, etag } of unreported) {
      if (!indexes.includes(index) || !claimed.delete(index)) continue
      meter.acknowledge(sizeOf(index))
      await journal.stored(index, { etag, sha256: etag })
    }
  }

  function onRefused(index: number, error: UploadError): void {
    const times = (refusals.get(index) ?? 0) + 1
    refusals.set(index, times)
    claimed.delete(index)
    if (times > MAX_REFUSED) fail(error.at(index))
    else {
      todo.unshift(index)
      pump()
    }
  }

  function fail(error: unknown): void {
    result.reject(error)
    stop.abort(error)
  }

  /** Connections in use. */
  const busy = () =>
    tasks.size + [...underWay.values()].filter((transfer) => transfer.sentTwice()).length

  function pump(): void {
    while (!signal.aborted && todo.length > 0 && busy() < window.limit()) {
      const task: Promise<void> = sendOne(todo.shift()!)
        .catch(fail)
        .finally(() => {
          tasks.delete(task)
          pump()
        })
      tasks.add(task)
    }
    if (todo.length === 0 && tasks.size === 0) reporter.hurry()
  }

  async function sendOne(index: number): Promise<void> {
    const body = await until(reader.read(index), signal)
    const sha256 = await platform.sha256(body)
    await journal.begun(index)
    signal.throwIfAborted()
    const transfer = startTransfer(index, body, sha256, {
      ...{ platform, urls, headers, meter, window, throttle, signal },
    })
    underWay.set(index, transfer)
    try {
      const etag = await transfer.etag
      const duration = performance.now() - transfer.startedAt
      durations.push(duration)
      window.stored(body.byteLength, duration)
      await journal.stored(index, { etag, sha256 })
      const size = body.byteLength
      meter.acknowledge(size)
      // What was sent twice may still be leaving on the other connection.
      reader.release(index, transfer.sentTwice() ? undefined : body)
      // Before the last report, which would make an asset of it.
      const last = todo.length === 0 && tasks.size === 1
      if (last && (await source.isChanged?.())) throw changed(source.name)
      reporter.add({ chunk_index: index, proof: etag, proof_type: 'etag', chunk_size: size })
    } finally {
      underWay.delete(index)
    }
  }

  /** The end of an upload must not wait for the one connection that crawls. */
  function chaseLaggards(): void {
    if (todo.length > 0 || durations.length === 0 || busy() >= window.limit()) return
    const usual = durations.toSorted((a, b) => a - b)[durations.length >> 1]!
    const now = performance.now()
    const [slowest] = [...underWay.values()]
      .filter((transfer) => !transfer.sentTwice())
      .filter(({ startedAt }) => now - startedAt > Math.max(LAG * usual, 2 * TAIL_MS))
      .sort((a, b) => a.startedAt - b.startedAt)
    slowest?.again()
  }

  // After what has come meanwhile: a program that stood still finds its timers first.
  const tail = setInterval(() => setTimeout(chaseLaggards), TAIL_MS)
  const abort = () => result.reject(outer.reason)
  outer.addEventListener('abort', abort, { once: true })
  try {
    outer.throwIfAborted()
    let confirmed = 0
    for (const index of reported) confirmed += sizeOf(index)
    for (const chunk of unreported) if (chunk.confirmed) confirmed += sizeOf(chunk.index)
    meter.restart(confirmed)
    meter.enter('sending')
    for (const { index, etag } of unreported) {
      const report = { chunk_index: index, proof: etag, proof_type: 'etag' } as const
      reporter.add({ ...report, chunk_size: sizeOf(index) })
    }
    pump()
    return await result.promise
  } finally {
    clearInterval(tail)
    outer.removeEventListener('abort', abort)
    stop.abort(new UploadError('The upload stopped.', { code: 'aborted' }))
    await Promise.allSettled(tasks)
  }
}
