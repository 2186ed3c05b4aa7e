import type {
  AssetType,
  ChunkPlan,
  CreateUploadRequest,
  CreateUploadResponse,
  PresignedURLChunk,
  UploadDetail,
} from '@partway/protocol'
import type { AssetsApi, UploadsApi } from '../api.ts'
import { UploadError } from '../error.ts'
import { until } from '../retry.ts'
import type { Source } from '../source.ts'
import type { Journal } from './journal.ts'
import type { UploadOptions } from './types.ts'

/** An upload on the server, and what it has of the file. */
export interface Session {
  uploadId: string
  assetId: string
  plan: ChunkPlan
  /** What the server wants with every chunk. */
  headers: Record<string, string>
  urls: PresignedURLChunk[]
  /** Chunks that are reported. */
  reported: Set<number>
  /** Where the content is, when nothing is left to do. */
  url: string | undefined
  /** The server is a Partway: it looks at proofs, and its status says more than others' does. */
  ours: boolean
}

export interface SessionDeps {
  uploads: UploadsApi
  assets: AssetsApi
  source: Source
  options: UploadOptions
  filename: string
  /** Only needed for a new upload. */
  type: AssetType | undefined
  journal: Journal
}

/** How long an answer is waited for that nobody wants any more, in milliseconds. */
const LATE_MS = 5000

const HEADERS = { 'Content-Type': 'application/octet-stream' }

/** The upload of the options or of the journal, where the server still has it; otherwise a new one. */
export async function openSession(deps: SessionDeps, signal: AbortSignal): Promise<Session> {
  const { options, journal } = deps
  const known = options.uploadId ?? journal.entry?.uploadId
  if (known !== undefined) {
    const found = await findSession(deps, known, signal)
    if (found) return found
    if (options.uploadId !== undefined) {
      throw new UploadError(`Upload ${known} cannot be resumed: it is over, or was never there.`, {
        code: 'upload_ended',
      })
    }
  }
  return createSession(deps, signal)
}

export async function createSession(deps: SessionDeps, signal: AbortSignal): Promise<Session> {
  const { uploads, source, options, filename, type, journal } = deps
  const body = {
    ...{ filename, type: type!, total_size: source.size },
    ...(options.enableHls ? { enable_hls: true } : {}),
    ...(options.enableThumbnail ? { enable_thumbnail: true } : {}),
    ...(options.userMetadata ? { user_metadata: options.userMetadata } : {}),
  }
  const created = await createUnlessStopped(uploads, body, signal)
  const { upload_id: uploadId, asset_id: assetId } = created
  const plan = planOf(source.size, created.chunk_size)
  await journal.start({ uploadId, assetId, plan })
  const { upload_headers: headers, upload_urls: urls } = created
  return {
    ...{ uploadId, assetId, plan, headers: headers ?? HEADERS, urls: urls ?? [] },
    ...{ reported: new Set(), url: undefined, ours: false },
  }
}

/** One that is stopped before the server has answered leaves nothing there, if the answer comes soon. */
async function createUnlessStopped(
  uploads: UploadsApi,
  body: CreateUploadRequest,
  signal: AbortSignal,
): Promise<CreateUploadResponse> {
  signal.throwIfAborted()
  const late = new AbortController()
  const created = uploads.create(body, late.signal)
  try {
    return await until(created, signal)
  } catch (error) {
    const timer = setTimeout(() => late.abort(), LATE_MS)
    created
      .then(({ upload_id: uploadId }) => uploads.abort(uploadId))
      .catch(() => {})
      .finally(() => clearTimeout(timer))
    throw error
  }
}

/** What the server still has of an upload; `undefined` when it cannot be gone on with. */
async function findSession(
  { uploads, assets, source, journal }: SessionDeps,
  uploadId: string,
  signal: AbortSignal,
): Promise<Session | undefined> {
  const pages: UploadDetail[] = []
  try {
    for (let page = 1; ; page++) {
      const detail = await uploads.status(uploadId, { page, page_limit: 50 }, signal)
      pages.push(detail)
      if (page >= (detail.page_info?.total_page ?? 1)) break
    }
  } catch (error) {
    if (error instanceof UploadError && (error.status === 404 || error.status === 403)) return
    throw error
  }
  const [detail] = pages as [UploadDetail, ...UploadDetail[]]
  const { status, total_size: size } = detail
  if ((status !== 'active' && status !== 'completed') || size !== source.size) return undefined
  const chunks = pages.flatMap((page) => page.uploaded_chunks)
  const { entry } = journal
  const assetId = detail.asset_id ?? entry?.assetId
  const chunkSize = detail.chunk_size ?? entry?.plan.chunkSize
  if (!assetId || !chunkSize) return undefined
  const plan = planOf(size, chunkSize)
  if (entry?.uploadId !== uploadId) await journal.start({ uploadId, assetId, plan })
  let url: string | undefined
  try {
    if (status === 'completed') url = (await assets.retrieve(assetId, signal)).url ?? ''
  } catch (error) {
    // It was completed, and its asset deleted.
    if (error instanceof UploadError && error.status === 404) return undefined
    throw error
  }
  const done = chunks.filter((chunk) => chunk.status === 'completed')
  return {
    ...{ uploadId, assetId, plan, headers: HEADERS, urls: [] },
    reported: new Set(done.map(({ index }) => index)),
    url,
    ours: detail.chunk_size !== undefined,
  }
}

const planOf = (totalSize: number, chunkSize: number): ChunkPlan => ({
  ...{ totalSize, chunkSize, totalChunks: Math.ceil(totalSize / chunkSize) },
})
