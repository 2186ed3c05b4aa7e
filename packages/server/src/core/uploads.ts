import { type AssetType, MAX_BATCH, PartwayError, planChunks } from '@partway/protocol'
import { chunkMap } from './chunk-map.ts'
import { newAsset, type Wishes } from './new-asset.ts'
import { type NewId, OutcomeUnknownError } from './ports.ts'
import { createReport, type ReportDeps } from './report.ts'
import type { Chunk, Page, PageRequest, Upload, UploadProgress } from './types.ts'
import { endedError, findUpload, stateAt } from './upload-state.ts'

export interface UploadSettings {
  /** Largest file of each type, in bytes. */
  maxSize: Record<AssetType, number>
  /** How long an upload may take. */
  uploadTtlMs: number
  /** How long a chunk URL works, unless the upload ends sooner. */
  urlTtlMs: number
  /** How long an idempotency key is remembered. */
  idempotencyTtlMs: number
}

export interface UploadDeps extends ReportDeps {
  newId: NewId
  settings: UploadSettings
}

export interface NewUpload {
  account: string
  filename: string
  type: AssetType
  totalSize: number
  wishes: Wishes
  idempotencyKey: string | undefined
}

/** What was wished for, in a fixed order; nothing more when there is nothing, as it was before. */
function wishesOf({ wishes: { userMetadata, hls, thumbnail } }: NewUpload): unknown[] {
  return hls || thumbnail ? [userMetadata, hls, thumbnail] : [userMetadata]
}

export interface PresignedChunk {
  index: number
  url: string
  expiresAt: number
}

export interface UploadDetail {
  upload: UploadProgress
  /** The chunks of the page, reported or not, in ascending order. */
  chunks: { index: number; reported: Chunk | undefined }[]
}

export type Uploads = ReturnType<typeof createUploads>

/** The life of an upload from its creation to its last report. */
export function createUploads(deps: UploadDeps) {
  const { metadata, store, clock, newId, settings } = deps

  async function create(input: NewUpload, origin: string) {
    const max = settings.maxSize[input.type]
    if (input.totalSize > max) {
      throw new PartwayError(
        'parameter_invalid',
        `The \`total_size\` parameter is invalid. The most for type ${input.type} is ${max} bytes; received ${input.totalSize}.`,
      )
    }
    const now = clock()
    const id = newId()
    const assetId = newId()
    const { account, filename, type } = input
    const upload: UploadProgress = {
      ...planChunks(input.totalSize),
      ...{ id, account, assetId, method: 'multipart', filename, type, storeRef: '' },
      ...{ state: 'active', reason: undefined },
      ...{ createdAt: now, updatedAt: now, expiresAt: now + settings.uploadTtlMs },
      ...{ chunksCompleted: 0, uploadedSize: 0 },
    }
    upload.storeRef = await store.begin(upload)
    // As near to its record as can be: whoever watches looks back no further than they must.
    upload.updatedAt = clock()
    const fingerprint = JSON.stringify([filename, type, input.totalSize, ...wishesOf(input)])
    const key = input.idempotencyKey
    const idempotency =
      key === undefined ? undefined : { key, fingerprint, since: now - settings.idempotencyTtlMs }
    const asset = newAsset(
      {
        id: assetId,
        account,
        method: 'multipart',
        filename,
        type,
        size: input.totalSize,
        createdAt: now,
      },
      input.wishes,
    )
    const created = await metadata.createUpload(upload, asset, idempotency).catch(async (error) => {
      // A commit that is still under way would lead to a place that is gone. One that nobody knows is
      // empty, and the bucket's rule frees it.
      if (!(error instanceof OutcomeUnknownError)) await store.abort(upload).catch(() => {})
      throw error
    })
    if (created.created) return { upload, chunks: await presignRange(upload, 1, MAX_BATCH, origin) }

    await store.abort(upload)
    if (created.fingerprint !== fingerprint) {
      throw new PartwayError(
        'parameter_invalid',
        'The `Idempotency-Key` header is invalid. The same key was used with another body within the last 24 hours.',
      )
    }
    const first = created.upload
    const active = stateAt(first, now) === 'active'
    return {
      upload: first,
      chunks: active ? await presignRange(first, 1, MAX_BATCH, origin) : [],
    }
  }

  async function presignRange(upload: Upload, start: number, count: number, origin: string) {
    const end = Math.min(start + count - 1, upload.totalChunks)
    const indexes = Array.from({ length: end - start + 1 }, (_, i) => start + i)
    // Whole seconds, because that is what the API's dates can say; never longer than the upload.
    const latest = Math.min(clock() + settings.urlTtlMs, upload.expiresAt)
    const expiresAt = Math.floor(latest / 1000) * 1000
    const presigned = await store.presign(upload, indexes, { origin, expiresAt })
    return indexes.map(
      (index, i): PresignedChunk => ({
        ...{ index, url: presigned.urls[i]!, expiresAt: presigned.expiresAt },
      }),
    )
  }

  /** URLs for `count` chunks from `start`, clipped at the last chunk. */
  async function presign(
    account: string,
    id: string,
    range: { start: number; count: number },
    origin: string,
  ) {
    const upload = await find(account, id)
    const now = clock()
    if (stateAt(upload, now) !== 'active') throw endedError(upload, now)
    if (range.start > upload.totalChunks) {
      throw new PartwayError(
        'parameter_invalid',
        `The \`start\` parameter is invalid. The upload has ${upload.totalChunks} chunks; received ${range.start}.`,
      )
    }
    return {
      generatedAt: now,
      chunks: await presignRange(upload, range.start, range.count, origin),
    }
  }

  /** One page of chunks, whatever the state of the upload. */
  async function status(account: string, id: string, page: PageRequest): Promise<UploadDetail> {
    const upload = await find(account, id)
    const from = (page.page - 1) * page.limit + 1
    const to = Math.min(page.page * page.limit, upload.totalChunks)
    if (from > to) return { upload, chunks: [] }
    const reported = new Map(
      (await metadata.listChunks(id, { from, to })).map((chunk) => [chunk.index, chunk]),
    )
    const chunks = Array.from({ length: to - from + 1 }, (_, i) => ({
      index: from + i,
      reported: reported.get(from + i),
    }))
    return { upload, chunks }
  }

  /** Uploads that are not completed, newest first. */
  function list(account: string, page: PageRequest): Promise<Page<UploadProgress>> {
    return metadata.listIncomplete(account, page)
  }

  /** Ends an active upload; one that failed or expired before stays as it is. */
  async function abort(account: string, id: string): Promise<void> {
    const upload = await find(account, id)
    if (stateAt(upload, clock()) === 'active') {
      await metadata.failUpload(id, 'The upload was aborted.', clock())
    }
    const { state } = await find(account, id)
    if (state === 'completed') {
      throw new PartwayError(
        'parameter_invalid',
        `The upload ${id} is completed and can no longer be aborted. Delete asset ${upload.assetId} instead.`,
      )
    }
  }

  const find = (account: string, id: string) => findUpload(metadata, account, id)

  return {
    ...{ create, presign, report: createReport(deps), status, list, abort },
    chunkMap: (account: string, id: string) => chunkMap(metadata, account, id),
  }
}
