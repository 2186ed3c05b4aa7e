import {
  type AssetType,
  type ChunkPlan,
  chunkOffset,
  chunkSizeAt,
  MAX_BATCH,
  normalizeEtag,
  type PresignedURLChunk,
  type ReportRequest,
} from '@partway/protocol'
import type { UploadsApi } from './api.ts'
import { UploadError } from './error.ts'
import { send } from './http.ts'
import { PATIENT_RETRY, withRetry } from './retry.ts'
import type { Source } from './source.ts'

export interface UploadOptions {
  type: AssetType
  /** @default the name of the source */
  filename?: string
  /** Chunks under way at once. @default 4 */
  concurrency?: number
  signal?: AbortSignal
  onProgress?: (progress: UploadProgress) => void
}

export interface UploadProgress {
  /** Bytes the store has confirmed. */
  sent: number
  /** Bytes in all. */
  total: number
}

export interface UploadResult {
  uploadId: string
  assetId: string
  /** Where the content is. */
  url: string
}

/** How soon before its end a URL is no longer used. */
const RENEW_BEFORE_MS = 30_000

/** Creates an upload, sends every chunk and reports it. Chunks are read in place, one per worker. */
export async function upload(
  api: UploadsApi,
  source: Source,
  options: UploadOptions,
): Promise<UploadResult> {
  const { type, filename = source.name, concurrency = 4, onProgress } = options
  // The first failure stops the other workers too.
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  const session = await api.create({ filename, type, total_size: source.size }, signal)
  const plan: ChunkPlan = {
    totalSize: source.size,
    chunkSize: session.chunk_size,
    totalChunks: session.total_chunks,
  }
  const urls = createUrls(api, session.upload_id, plan, session.upload_urls, signal)
  const reporter = createReporter(api, session.upload_id, signal)
  let next = 1
  let sent = 0

  async function work(): Promise<void> {
    while (next <= plan.totalChunks) {
      const index = next++
      const size = chunkSizeAt(plan, index)
      const start = chunkOffset(plan, index)
      const body = await source.read(start, start + size)
      const headers = session.upload_headers
      const proof = await withRetry(PATIENT_RETRY, signal, async () =>
        put(await urls.get(index), { method: 'PUT', body, headers, signal }, () =>
          urls.drop(index),
        ),
      )
      sent += size
      onProgress?.({ sent, total: plan.totalSize })
      reporter.add({ chunk_index: index, proof, proof_type: 'etag', chunk_size: size })
    }
  }

  try {
    const workers = Math.min(concurrency, plan.totalChunks)
    await Promise.all(Array.from({ length: workers }, work))
    const url = await reporter.finish()
    if (url === undefined) {
      throw new UploadError('Every chunk was reported, but the upload is not complete.', {
        ...{ code: 'generic_error', status: 0 },
      })
    }
    return { uploadId: session.upload_id, assetId: session.asset_id, url }
  } catch (error) {
    stop.abort(error)
    await reporter.settled()
    throw error
  }
}

/** Sends one chunk; returns its ETag. */
async function put(url: string, init: RequestInit, onRefused: () => void): Promise<string> {
  let response: Response
  try {
    response = await send(url, init)
  } catch (error) {
    if (!(error instanceof UploadError) || error.status !== 403) throw error
    // The URL ran out, or our clock is wrong: a fresh one may do.
    onRefused()
    const { message, code } = error
    throw new UploadError(message, { code, status: 0, cause: error })
  }
  const etag = normalizeEtag(response.headers.get('etag') ?? '')
  if (etag !== '') return etag
  throw new UploadError('The store answered without an ETag.', {
    ...{ code: 'generic_error', status: 0 },
  })
}

/** Chunk URLs, asked for when they are needed and renewed before they run out. */
function createUrls(
  api: UploadsApi,
  uploadId: string,
  plan: ChunkPlan,
  initial: PresignedURLChunk[],
  signal: AbortSignal,
) {
  const known = new Map<number, PresignedURLChunk>()
  let asking: Promise<void> | undefined
  const keep = (urls: PresignedURLChunk[]) => {
    for (const url of urls) known.set(url.chunk_index, url)
  }
  keep(initial)

  async function ask(start: number): Promise<void> {
    const count = Math.min(MAX_BATCH, plan.totalChunks - start + 1)
    keep((await api.presign(uploadId, { start, count }, signal)).upload_urls)
  }

  const isFresh = (url: PresignedURLChunk) =>
    Date.parse(url.expires_at) - Date.now() > RENEW_BEFORE_MS

  return {
    async get(index: number): Promise<string> {
      // A URL we just asked for is used as it is, however short its life.
      for (let asked = false; ; asked = true) {
        const url = known.get(index)
        if (url && (asked || isFresh(url))) return url.url
        asking ??= ask(index).finally(() => {
          asking = undefined
        })
        await asking
      }
    },
    drop: (index: number) => known.delete(index),
  }
}

type Report = ReportRequest['completed_chunks'][number]

/** Reports in the background, one call at a time, as many chunks as have gathered. */
function createReporter(api: UploadsApi, uploadId: string, signal: AbortSignal) {
  let waiting: Report[] = []
  let running: Promise<void> | undefined
  let failure: unknown
  let url: string | undefined

  async function run(): Promise<void> {
    while (waiting.length > 0 && failure === undefined) {
      const batch = waiting.slice(0, MAX_BATCH)
      waiting = waiting.slice(MAX_BATCH)
      try {
        const result = await api.report(uploadId, { completed_chunks: batch }, signal)
        url = result.url ?? url
      } catch (error) {
        failure = error
      }
    }
    running = undefined
  }

  return {
    /** @throws what an earlier report failed with */
    add(report: Report): void {
      if (failure !== undefined) throw failure
      waiting.push(report)
      running ??= run()
    },
    /** The content's URL, once everything is reported. */
    async finish(): Promise<string | undefined> {
      await running
      if (failure !== undefined) throw failure
      return url
    },
    settled: async () => running,
  }
}
