import type { AssetType } from '@partway/protocol'
import { chunkSizeAt, MAX_BATCH, normalizeEtag, PartwayError, planChunks } from '@partway/protocol'
import type { Completer } from './complete.ts'
import type { ContentLinks } from './links.ts'
import type { ChunkSink, ChunkStore, Clock, Metadata, NewId } from './ports.ts'
import type { Chunk, Claim, Page, PageRequest, Upload, UploadProgress } from './types.ts'
import { endedError, notFound, stateAt } from './upload-state.ts'

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

export interface UploadDeps {
  metadata: Metadata
  store: ChunkStore
  /** Present when chunk PUTs come to us. */
  sink: ChunkSink | undefined
  completer: Completer
  links: ContentLinks
  clock: Clock
  newId: NewId
  settings: UploadSettings
}

export interface NewUpload {
  account: string
  filename: string
  type: AssetType
  totalSize: number
  idempotencyKey: string | undefined
}

export interface PresignedChunk {
  index: number
  url: string
  expiresAt: number
}

export interface ReportResult {
  assetId: string
  added: number
  duplicates: number
  chunksCompleted: number
  /** Where the content is, once the upload is complete. */
  url: string | undefined
}

export interface UploadDetail {
  upload: UploadProgress
  /** The chunks of the page, reported or not, in ascending order. */
  chunks: { index: number; reported: Chunk | undefined }[]
}

export type Uploads = ReturnType<typeof createUploads>

/** The life of an upload from its creation to its last report. */
export function createUploads(deps: UploadDeps) {
  const { metadata, store, sink, completer, links, clock, newId, settings } = deps

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
      ...{ id, account, assetId, filename, type, storeRef: '', state: 'active', reason: undefined },
      ...{ createdAt: now, updatedAt: now, expiresAt: now + settings.uploadTtlMs },
      ...{ chunksCompleted: 0, uploadedSize: 0 },
    }
    upload.storeRef = await store.begin(upload)
    const fingerprint = JSON.stringify([filename, type, input.totalSize])
    const key = input.idempotencyKey
    const created = await metadata.createUpload(
      upload,
      {
        ...{ id: assetId, account, filename, type, state: 'processing', reason: undefined },
        ...{ size: input.totalSize, mimeType: undefined, object: undefined, createdAt: now },
      },
      key === undefined ? undefined : { key, fingerprint, since: now - settings.idempotencyTtlMs },
    )
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
    const urls = await store.presign(upload, indexes, { origin, expiresAt })
    return indexes.map((index, i): PresignedChunk => ({ index, url: urls[i]!, expiresAt }))
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

  /**
   * Records what a client proved. All or nothing: one bad claim and nothing is recorded. The
   * report that proves the last chunk completes the upload before it answers.
   */
  async function report(
    account: string,
    id: string,
    claims: Claim[],
    origin: string,
  ): Promise<ReportResult> {
    const upload = await find(account, id)
    refuse(upload, outOfRange(upload, claims))
    const state = stateAt(upload, clock())
    if (state === 'completed')
      return answer(upload, claims.length, 0, upload.chunksCompleted, origin)
    if (state !== 'active') throw endedError(upload, clock())

    const fresh = await prove(upload, claims)
    const recorded = await metadata.recordChunks(id, fresh, clock())
    if (!recorded.active) {
      const current = await find(account, id)
      if (current.state !== 'completed') throw endedError(current, clock())
      return answer(current, claims.length, 0, current.chunksCompleted, origin)
    }
    await sink?.settle(upload, fresh)
    if (recorded.chunksCompleted === upload.totalChunks) await completer.complete(upload)
    return answer(upload, claims.length, recorded.added, recorded.chunksCompleted, origin)
  }

  function answer(
    upload: Upload,
    claimed: number,
    added: number,
    chunksCompleted: number,
    origin: string,
  ): ReportResult {
    return {
      assetId: upload.assetId,
      added,
      duplicates: claimed - added,
      chunksCompleted,
      url: chunksCompleted === upload.totalChunks ? links.url(upload.assetId, origin) : undefined,
    }
  }

  /** The claims that are not recorded yet, each compared with what the store holds. */
  async function prove(upload: Upload, claims: Claim[]): Promise<Claim[]> {
    const fresh = await unrecorded(upload, claims)
    const problems = await contradictions(upload, fresh)
    if (problems.size === 0) return fresh
    // A report at the same time may have recorded these chunks, and even sealed the upload,
    // between our two look-ups. Then they are duplicates, not lies.
    const still = await unrecorded(upload, fresh)
    refuse(upload, new Map([...problems].filter(([index]) => still.some((c) => c.index === index))))
    return still
  }

  /** Claims without a record, the first of each index; a chunk is known by its index alone. */
  async function unrecorded(upload: Upload, claims: Claim[]): Promise<Claim[]> {
    const byIndex = new Map<number, Claim>()
    for (const claim of claims) if (!byIndex.has(claim.index)) byIndex.set(claim.index, claim)
    if (byIndex.size === 0) return []
    const indexes = [...byIndex.keys()]
    const range = { from: Math.min(...indexes), to: Math.max(...indexes) }
    for (const { index } of await metadata.listChunks(upload.id, range)) byIndex.delete(index)
    return [...byIndex.values()].map((claim) => ({ ...claim, etag: normalizeEtag(claim.etag) }))
  }

  async function contradictions(upload: Upload, claims: Claim[]): Promise<Map<number, string>> {
    const stored = claims.length > 0 ? await store.stat(upload, claims) : new Map()
    const problems = new Map<number, string>()
    for (const { index, size } of claims) {
      const expected = chunkSizeAt(upload, index)
      const found = stored.get(index)
      if (size !== expected) problems.set(index, `has ${expected} bytes, not ${size}`)
      else if (!found) problems.set(index, 'was not uploaded with that proof')
      else if (found.size !== expected) problems.set(index, `was stored with ${found.size} bytes`)
    }
    return problems
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
    if (upload.state === 'active') await metadata.failUpload(id, 'The upload was aborted.', clock())
    const { state } = await find(account, id)
    if (state === 'completed') {
      throw new PartwayError(
        'parameter_invalid',
        `The upload ${id} is completed and can no longer be aborted. Delete asset ${upload.assetId} instead.`,
      )
    }
  }

  async function find(account: string, id: string): Promise<UploadProgress> {
    const upload = await metadata.findUpload(account, id)
    if (!upload) throw notFound(id, 'multipart-uploads')
    return upload
  }

  return { create, presign, report, status, list, abort }
}

function outOfRange(upload: Upload, claims: Claim[]): Map<number, string> {
  return new Map(
    claims
      .filter(({ index }) => index > upload.totalChunks)
      .map(({ index }) => [index, `is beyond the last of ${upload.totalChunks} chunks`]),
  )
}

function refuse(upload: Upload, problems: Map<number, string>): void {
  if (problems.size === 0) return
  const list = [...problems].map(([index, problem]) => `chunk ${index} ${problem}`).join('; ')
  throw new PartwayError(
    'parameter_invalid',
    `The \`completed_chunks\` parameter is invalid, and nothing of it was recorded for upload ${upload.id}: ${list}.`,
  )
}
