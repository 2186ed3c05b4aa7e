import { chunkSizeAt, normalizeEtag, PartwayError } from '@partway/protocol'
import type { Completer } from './complete.ts'
import type { ContentLinks } from './links.ts'
import type { ChunkSink, ChunkStore, Clock, Metadata } from './ports.ts'
import type { Chunk, Claim, Upload } from './types.ts'
import { endedError, findUpload, stateAt } from './upload-state.ts'

export interface ReportDeps {
  metadata: Metadata
  store: ChunkStore
  /** Present when chunk PUTs come to us. */
  sink: ChunkSink | undefined
  completer: Completer
  links: ContentLinks
  clock: Clock
}

export interface ReportResult {
  assetId: string
  /** Chunks of this report that were not recorded before. */
  added: number
  duplicates: number
  chunksCompleted: number
  /** Where the content is, once the upload is complete. */
  url: string | undefined
}

/** What is wrong with claims, by chunk index. */
type Problems = Map<number, string>

interface Sorted {
  /** Not recorded yet; one per index, ETags normalised. */
  fresh: Claim[]
  /** As they were recorded. */
  known: Chunk[]
}

/** Recording what a client proved, and completing the upload with the last of it. */
export function createReport({ metadata, store, sink, completer, links, clock }: ReportDeps) {
  /**
   * All or nothing: one bad claim and nothing is recorded. The report that proves the last chunk
   * completes the upload before it answers.
   */
  return async function report(
    account: string,
    id: string,
    claims: Claim[],
    origin: string,
  ): Promise<ReportResult> {
    const upload = await findUpload(metadata, account, id)
    const answer = (added: number, chunksCompleted: number): ReportResult => ({
      assetId: upload.assetId,
      added,
      duplicates: claims.length - added,
      chunksCompleted,
      url: chunksCompleted === upload.totalChunks ? links.url(upload.assetId, origin) : undefined,
    })
    const beyond = outOfRange(upload, claims)
    const state = stateAt(upload, clock())
    if (state === 'completed') {
      refuse(upload, beyond)
      return answer(0, upload.chunksCompleted)
    }
    if (state !== 'active') throw endedError(upload, clock())

    const { fresh, known } = await prove(upload, claims, beyond)
    const recorded = await metadata.recordChunks(id, fresh, clock())
    if (!recorded.active) {
      const current = await findUpload(metadata, account, id)
      if (current.state !== 'completed') throw endedError(current, clock())
      return answer(0, current.chunksCompleted)
    }
    // The known ones too: a crash may have come between their record and this.
    await sink?.settle(upload, [...fresh, ...known])
    if (recorded.chunksCompleted === upload.totalChunks) await completer.complete(upload)
    return answer(recorded.added, recorded.chunksCompleted)
  }

  /** What is claimed for the first time, compared with the store, and what is recorded already. */
  async function prove(upload: Upload, claims: Claim[], beyond: Problems): Promise<Sorted> {
    const within = claims.filter(({ index }) => !beyond.has(index))
    const sorted = await sort(upload, within)
    const problems = await contradictions(upload, sorted.fresh)
    if (problems.size === 0 && beyond.size === 0) return sorted
    // A report at the same time may have recorded these chunks, and even sealed the upload,
    // between our two look-ups. Then they are duplicates, not lies.
    const again = await sort(upload, within)
    const isFresh = (index: number) => again.fresh.some((claim) => claim.index === index)
    refuse(upload, new Map([...[...problems].filter(([index]) => isFresh(index)), ...beyond]))
    return again
  }

  /** A chunk is known by its index alone; of several claims for one index the first counts. */
  async function sort(upload: Upload, claims: Claim[]): Promise<Sorted> {
    const byIndex = new Map<number, Claim>()
    for (const claim of claims) if (!byIndex.has(claim.index)) byIndex.set(claim.index, claim)
    if (byIndex.size === 0) return { fresh: [], known: [] }
    const indexes = [...byIndex.keys()]
    const range = { from: Math.min(...indexes), to: Math.max(...indexes) }
    const recorded = await metadata.listChunks(upload.id, range)
    const known = recorded.filter(({ index }) => byIndex.delete(index))
    const fresh = [...byIndex.values()]
    return { fresh: fresh.map((claim) => ({ ...claim, etag: normalizeEtag(claim.etag) })), known }
  }

  async function contradictions(upload: Upload, claims: Claim[]): Promise<Problems> {
    const stored = claims.length > 0 ? await store.stat(upload, claims) : new Map()
    const problems: Problems = new Map()
    for (const { index, size } of claims) {
      const expected = chunkSizeAt(upload, index)
      const found = stored.get(index)
      if (size !== expected) problems.set(index, `has ${expected} bytes, not ${size}`)
      else if (!found) problems.set(index, 'was not uploaded with that proof')
      else if (found.size !== expected) problems.set(index, `was stored with ${found.size} bytes`)
    }
    return problems
  }
}

function outOfRange(upload: Upload, claims: Claim[]): Problems {
  return new Map(
    claims
      .filter(({ index }) => index > upload.totalChunks)
      .map(({ index }) => [index, `is beyond the last of ${upload.totalChunks} chunks`]),
  )
}

function refuse(upload: Upload, problems: Problems): void {
  if (problems.size === 0) return
  const list = [...problems].map(([index, problem]) => `chunk ${index} ${problem}`).join('; ')
  throw new PartwayError(
    'parameter_invalid',
    `The \`completed_chunks\` parameter is invalid, and nothing of it was recorded for upload ${upload.id}: ${list}.`,
  )
}
