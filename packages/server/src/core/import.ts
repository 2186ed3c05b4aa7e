import { type AssetType, PartwayError, planChunks, typeOfFilename } from '@partway/protocol'
import { peek } from './bytes.ts'
import type { Completer } from './complete.ts'
import { fetchRanges, type PutRange } from './fetch-ranges.ts'
import { HEAD_SIZE, type Ingest, IngestEndedError, type RecordChunk } from './ingest.ts'
import { type HeldLease, holdLease, LeaseLostError } from './lease.ts'
import { isStreamable, newAsset, type Wishes } from './new-asset.ts'
import {
  type Clock,
  type Every,
  type ImportLease,
  type Media,
  type Metadata,
  OutcomeUnknownError,
  SourceError,
  type Web,
  type WebResponse,
} from './ports.ts'
import type { Asset, Upload } from './types.ts'
import { likelyKind } from './verdict.ts'

export interface ImportDeps {
  metadata: Metadata
  media: Media
  web: Web
  ingest: Ingest
  completer: Completer
  clock: Clock
  every: Every
  /** After this long without a sign of life another server may take the import. */
  leaseMs: number
  /** Told that an import is waiting; a hint, not a promise. */
  onCreated: () => void
  /** Told of what may be over at the next try. */
  onError: (error: unknown, subject: string) => void
}

export interface NewImport {
  account: string
  url: string
  /** Absent: told by the URL. */
  filename: string | undefined
  wishes: Wishes
}

export type Imports = ReturnType<typeof createImports>

const MAX_ATTEMPTS = 10
const FIRST_RETRY_MS = 2000
const LONGEST_RETRY_MS = 10 * 60_000
const UNNAMED = 'unnamed'
const GAVE_UP = 'The URL could not be fetched.'

/** Files fetched from a URL: created at once, fetched in the background by whoever claims them. */
export function createImports(deps: ImportDeps) {
  const { metadata, media, web, ingest, completer, clock, every, leaseMs } = deps

  async function create({ account, url, filename, wishes }: NewImport): Promise<Asset> {
    const name = filename ?? nameIn(url) ?? UNNAMED
    // A guess until the content tells; it only matters to whoever lists by type meanwhile.
    const type = typeOfFilename(name) ?? 'video'
    let asset: Asset | undefined
    const begun = ingest.begin(
      { account, method: 'url', filename: name, type },
      ({ assetId: id, createdAt }) => {
        asset = newAsset(
          { id, account, method: 'url', filename: name, type, size: 0, createdAt },
          wishes,
        )
        return asset
      },
      // As the fetch will read it: whatever odd characters it came with.
      new URL(url).href,
    )
    await begun.catch(async (error) => {
      throw asset && error instanceof OutcomeUnknownError
        ? await ingest.withdraw(asset, error)
        : error
    })
    deps.onCreated()
    return asset!
  }

  /** Fetches one import; `false` when none is waiting. */
  async function importNext(stop: AbortSignal): Promise<boolean> {
    const lease = await metadata.claimImport(clock(), leaseMs)
    if (!lease) return false
    const { upload, until } = lease
    const late = new AbortController()
    const held = holdLease({
      ...{ until, leaseMs, clock, every, stop: AbortSignal.any([stop, late.signal]) },
      renew: async (current, next) => {
        if (clock() >= upload.expiresAt) late.abort(tooSlow())
        return metadata.renewImport(upload.id, current, next)
      },
    })
    const before = upload.chunksCompleted
    try {
      if (clock() >= upload.expiresAt) throw tooSlow()
      // As many tries ended with their process.
      if (lease.attempt > MAX_ATTEMPTS) throw refused(GAVE_UP)
      await run(lease, held)
    } catch (error) {
      const cause = late.signal.aborted ? late.signal.reason : error
      const now = await metadata.findIngest(upload.assetId)
      // Tries count from the last one that brought something.
      const attempt = now && now.chunksCompleted > before ? 1 : lease.attempt
      await ended({ ...lease, attempt }, held, cause, stop)
    } finally {
      await held.end()
    }
    return true
  }

  /** Gives up what can never succeed, and puts off the rest. */
  async function ended(
    { upload, attempt }: ImportLease,
    held: HeldLease,
    error: unknown,
    stop: AbortSignal,
  ): Promise<void> {
    if (error instanceof LeaseLostError || error instanceof IngestEndedError) return
    if (held.signal.reason instanceof LeaseLostError) return
    if (stop.aborted) {
      const given = { attempt: attempt - 1 }
      await held.use((current) => metadata.renewImport(upload.id, current, clock(), given))
      return
    }
    const ours = error instanceof PartwayError
    const final = error instanceof SourceError ? !error.transient : false
    if (final || (!ours && attempt >= MAX_ATTEMPTS)) {
      // Whoever lost the lease has nothing to say of what somebody else is fetching.
      const ownsIt = await held.use((current) => metadata.renewImport(upload.id, current, current))
      if (!ownsIt) return
      return ingest.discard(upload, error instanceof SourceError ? error.message : GAVE_UP)
    }
    deps.onError(error, `fetch asset ${upload.assetId}`)
    const asked = error instanceof SourceError ? (error.retryAfter ?? 0) * 1000 : 0
    const wait = Math.max(asked, FIRST_RETRY_MS * 2 ** (attempt - 1))
    const next = clock() + Math.min(wait, LONGEST_RETRY_MS)
    // A store that cannot answer says nothing of the source.
    const counted = { attempt: ours ? attempt - 1 : attempt }
    await held.use((current) => metadata.renewImport(upload.id, current, next, counted))
  }

  async function run(lease: ImportLease, held: HeldLease): Promise<void> {
    const probing = new AbortController()
    const signal = AbortSignal.any([held.signal, probing.signal])
    try {
      const range = { start: 0, end: HEAD_SIZE - 1 }
      await fetchFrom(await web.get(lease.url, { range, signal }), lease, held)
    } finally {
      // Not every way leads to the end of the first answer's body.
      probing.abort()
    }
  }

  async function fetchFrom(first: WebResponse, lease: ImportLease, held: HeldLease): Promise<void> {
    const { head, body } = await peek(first.body, HEAD_SIZE)
    if (head.byteLength === 0) throw refused('The file is empty.')
    let upload = await identify(lease.upload, head, first)
    const { validator, size } = first
    const resumable = first.ranges && validator !== undefined && size !== undefined
    const same = lease.validator === validator && lease.upload.totalSize === size
    if (!resumable || !same) {
      const afresh = upload
      upload = await held.use((current) => ingest.restart(afresh, current))
    }
    const record: RecordChunk = (id, claim) =>
      held.use(async (current) => {
        return (await metadata.recordChunks(id, [claim], clock(), current)).active
      })
    if (!resumable) {
      // What honoured the range once has to be asked again for the whole.
      const { signal } = held
      const whole = first.partial ? (await web.get(lease.url, { signal })).body : body
      return complete(upload, await fetchWhole(upload, whole, record), held)
    }
    const plan = { ...upload, ...planChunks(size) }
    await settle(plan, held)
    const kept = await held.use((current) =>
      metadata.renewImport(upload.id, current, current, { validator }),
    )
    if (!kept) throw new LeaseLostError('the lease was lost')
    const chunks = await metadata.listChunks(upload.id, { from: 1, to: plan.totalChunks })
    const done = new Set(chunks.map(({ index }) => index))
    const put: PutRange = (to, index, bytes, options) =>
      ingest.putChunk(to, index, bytes, { ...options, record })
    const { url } = lease
    await fetchRanges(plan, done, {
      web,
      url,
      validator,
      signal: held.signal,
      put,
    })
    await completer.complete(plan)
  }

  /** What cannot be had in ranges comes as one stream, from its first byte at every try. */
  function fetchWhole(
    upload: Upload,
    body: AsyncIterable<Uint8Array>,
    record: RecordChunk,
  ): Promise<number> {
    const limit = ingest.limitFor(upload.type)
    const check = (received: number) => {
      if (received > limit) throw tooLargeHere(upload.type, limit)
    }
    return ingest.putAll(upload, body, check, { record })
  }

  /** Finds out what is being fetched, and refuses at once what it must not be. */
  async function identify(upload: Upload, head: Uint8Array, first: WebResponse): Promise<Upload> {
    const filename = upload.filename === UNNAMED ? (first.filename ?? UNNAMED) : upload.filename
    const mimeType = await media.detect(head, filename)
    const type = (mimeType && likelyKind(mimeType)) || typeOfFilename(filename)
    if (!type) throw refused('The file is neither video, audio, an image nor a document.')
    const limit = ingest.limitFor(type)
    if (first.size !== undefined && first.size > limit) throw tooLargeHere(type, limit)
    return { ...upload, filename, type }
  }

  async function complete(upload: Upload, size: number, held: HeldLease): Promise<void> {
    if (size === 0) throw refused('The file is empty.')
    const plan = { ...upload, ...ingest.planFor(upload, size) }
    await settle(plan, held)
    await completer.complete(plan)
  }

  /** Fixes the plan and tells the asset what is known now. */
  async function settle(plan: Upload, held: HeldLease): Promise<void> {
    const { account, assetId, filename, type, totalSize: size } = plan
    const asset = await metadata.findAsset(account, assetId)
    if (!asset) throw new IngestEndedError('the asset was deleted')
    const hls = isStreamable(type) ? asset.hls : undefined
    const known = { ...asset, filename, type, size, hls }
    const settled = await held.use((current) =>
      metadata.planIngest(plan.id, plan, known, clock(), current),
    )
    if (!settled) {
      throw new IngestEndedError('the upload is over')
    }
  }

  return { create, importNext }
}

const refused = (message: string) => new SourceError(message, { transient: false })

const tooSlow = () => refused('Fetching the URL took too long.')

const tooLargeHere = (type: AssetType, limit: number) =>
  refused(`The file is too large. The most for type ${type} is ${limit} bytes.`)

/** The last part of a URL's path, if it can be a filename. */
function nameIn(url: string): string | undefined {
  const { pathname } = new URL(url)
  try {
    const name = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return /[/\u0000-\u001f\u007f-\u009f]/.test(name)
      ? undefined
      : [...name].slice(0, 255).join('') || undefined
  } catch {
    return undefined
  }
}

/** @throws PartwayError `parameter_invalid` unless it is an http or https URL without credentials */
export function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const http = url?.protocol === 'http:' || url?.protocol === 'https:'
  // In a URL a NUL would stand for %00; as text, not every database can keep it.
  const plain = !text.includes('\0') && text.length <= 8192
  if (!url || !http || url.username || url.password || !plain) {
    throw new PartwayError(
      'parameter_invalid',
      'The `url` parameter is invalid. It must be an http or https URL of at most 8192 characters, without a user name or password.',
    )
  }
}
