import { typeOfFilename } from '@partway/protocol'
import type { AssetsApi, UploadsApi } from '../api.ts'
import { UploadError } from '../error.ts'
import type { Platform } from '../platform.ts'
import { changed, type Source } from '../source.ts'
import { checkSent } from './check.ts'
import { type Journal, memoryJournal } from './journal.ts'
import { type Identity, journalKey } from './journal-key.ts'
import { createMeter } from './progress.ts'
import { createReader } from './reader.ts'
import { sendChunks } from './send.ts'
import { createSession, openSession, type Session, type SessionDeps } from './session.ts'
import { createThrottle } from './throttle.ts'
import type { Upload, UploadedAsset, UploadOptions, UploadProgress } from './types.ts'
import { autoWindow, fixedWindow, type Window } from './window.ts'

export interface UploadDeps {
  uploads: UploadsApi
  assets: AssetsApi
  platform: Platform
  /** For the journal: which server and whose key. */
  identity: Identity
}

/** Bytes of chunks in memory at once, unless a fixed number asks for more. */
const MEMORY = 56 * 1024 * 1024
const MOST = 16

/** Starts an upload at once. */
export function startUpload(
  { uploads, assets, platform, identity }: UploadDeps,
  source: Source,
  options: UploadOptions,
): Upload {
  const filename = options.filename ?? source.name
  const type = options.type ?? typeOfFilename(filename)
  const meter = createMeter(source.size, () => performance.now())
  const throttle = createThrottle(options.limitRate)
  const outcome = Promise.withResolvers<UploadedAsset>()
  // Whoever does not ask is not told; but it is no unhandled rejection either.
  outcome.promise.catch(() => {})
  const { onProgress } = options
  if (onProgress) {
    meter.listen((progress) => {
      // Of what is being ended on purpose only the end is news.
      if (!aborting || progress.phase === 'failed') onProgress(progress)
    })
  }

  let journal: Journal | undefined
  let session: Session | undefined
  let window: Window | undefined
  let reader: ReturnType<typeof createReader> | undefined
  let chunkSize: number | undefined
  let stopper = new AbortController()
  let running: Promise<void> = Promise.resolve()
  let aborting = false
  const paused = new UploadError('The upload is paused.', { code: 'aborted' })
  let state: 'running' | 'paused' | 'ended' = 'running'

  async function openJournal(): Promise<Journal> {
    const { journals } = platform
    if (!journals || source.once || options.resume === false) return memoryJournal()
    return journals.open(journalKey(identity, source, options))
  }

  async function attempt(signal: AbortSignal): Promise<UploadedAsset> {
    if (type === undefined && options.uploadId === undefined) {
      throw invalid(`The type of ${filename} is not told by its name: give \`type\`.`)
    }
    if (source.size < 1) throw invalid(`${filename} is empty; there is nothing to upload.`)
    checkOptions(options)
    meter.enter('starting')
    journal ??= await openJournal()
    signal.throwIfAborted()
    const deps: SessionDeps = { uploads, assets, source, options, filename, type, journal }
    session = await openSession(deps, signal)
    let checked = await checkSent(session, journal.entry, source, platform, meter, signal)
    if (checked.changed) {
      if (options.uploadId !== undefined) throw changed(filename)
      if (session.url === undefined) await uploads.abort(session.uploadId).catch(() => {})
      session = await createSession(deps, signal)
      checked = { changed: false, unreported: [] }
    }
    const { plan } = session
    if (chunkSize !== plan.chunkSize) {
      // What a stream gave for other chunks cannot be cut again.
      if (reader && source.once) throw changed(filename)
      window = windowFor(options.concurrency ?? 'auto', plan.chunkSize)
      reader = createReader(source, plan)
      chunkSize = plan.chunkSize
    }
    const send = {
      ...{ uploads, assets, platform, source, journal, meter, throttle },
      reader: reader!,
      window: window!,
    }
    const url = session.url ?? (await sendChunks(session, checked.unreported, send, signal))
    return finish(session, journal, url)
  }

  async function finish(
    { uploadId, assetId, plan }: Session,
    { entry, forget }: Journal,
    url: string,
  ): Promise<UploadedAsset> {
    const digests = Array.from(
      { length: plan.totalChunks },
      (_, i) => entry?.stored.get(i + 1)?.sha256,
    )
    meter.restart(plan.totalSize)
    const { chunkSize, totalSize: size } = plan
    const asset = { assetId, uploadId, url, size, chunkSize, digests }
    await options.onUploaded?.(asset)
    await forget().catch(() => {})
    return asset
  }

  function start(): void {
    state = 'running'
    stopper = new AbortController()
    const { signal } = stopper
    // What was paused may still be stopping, or may have come to its end all the same.
    running = running
      .then(async () => {
        if (state === 'ended') return
        const asset = await attempt(signal)
        await end(() => outcome.resolve(asset), 'done')
      })
      .catch((error) =>
        signal.reason === paused ? undefined : end(() => outcome.reject(error), 'failed'),
      )
  }

  async function end(settle: () => void, phase: 'done' | 'failed'): Promise<void> {
    state = 'ended'
    options.signal?.removeEventListener('abort', onSignal)
    // While it is ours: nobody else must find what is about to be ended.
    if (aborting) await journal?.forget().catch(() => {})
    await journal?.close().catch(() => {})
    // A stream that was not read to its end would stay open.
    if (phase === 'failed') source.cancel?.()
    meter.enter(phase)
    settle()
  }

  function onSignal(): void {
    stopper.abort(options.signal?.reason)
    if (state !== 'paused') return
    // What was paused may still be stopping.
    void running.then(() => end(() => outcome.reject(options.signal?.reason), 'failed'))
  }

  async function pause(): Promise<void> {
    if (state !== 'running') return
    state = 'paused'
    stopper.abort(paused)
    await running
    if (state === 'paused') meter.enter('paused')
  }

  async function abort(): Promise<void> {
    const reason = new UploadError('The upload was aborted.', { code: 'aborted' })
    const wasEnded = state === 'ended'
    aborting = true
    stopper.abort(reason)
    await running
    if (state !== 'ended') await end(() => outcome.reject(reason), 'failed')
    // What has arrived of one that failed is still there.
    if (!session || meter.read().phase !== 'failed') return
    // And somebody else may have gone on with it.
    const reopened = wasEnded ? await openJournal() : undefined
    try {
      await uploads.abort(session.uploadId).catch(ignoreMissing)
      await reopened?.forget().catch(() => {})
    } finally {
      await reopened?.close().catch(() => {})
    }
  }

  if (options.signal?.aborted) void end(() => outcome.reject(options.signal?.reason), 'failed')
  else {
    options.signal?.addEventListener('abort', onSignal, { once: true })
    start()
  }

  return {
    get id() {
      return session?.uploadId
    },
    get assetId() {
      return session?.assetId
    },
    get progress() {
      return meter.read()
    },
    done: () => outcome.promise,
    pause,
    resume() {
      if (state === 'paused') start()
    },
    abort,
    [Symbol.asyncIterator]: () => follow(meter, outcome.promise),
  }
}

/** Every change until the end; whoever is slow gets the latest. */
async function* follow(
  meter: ReturnType<typeof createMeter>,
  outcome: Promise<unknown>,
): AsyncGenerator<UploadProgress> {
  let wake = Promise.withResolvers<void>()
  let over = false
  const stop = meter.listen(() => wake.resolve())
  const ended = outcome
    .catch(() => {})
    .then(() => {
      over = true
      wake.resolve()
    })
  try {
    for (;;) {
      yield meter.read()
      if (over) break
      await wake.promise
      wake = Promise.withResolvers()
    }
    await ended
  } finally {
    stop()
  }
  await outcome
}

function windowFor(concurrency: number | 'auto', chunkSize: number): Window {
  if (concurrency !== 'auto') return fixedWindow(concurrency)
  const most = Math.max(1, Math.min(MOST, Math.floor(MEMORY / chunkSize)))
  return autoWindow(most, () => performance.now())
}

function checkOptions({ concurrency = 'auto', limitRate }: UploadOptions): void {
  if (
    concurrency !== 'auto' &&
    !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64)
  ) {
    throw invalid(
      `\`concurrency\` must be auto or a whole number from 1 to 64, not ${concurrency}.`,
    )
  }
  if (limitRate !== undefined && !(limitRate > 0)) {
    throw invalid(`\`limitRate\` must be a number of bytes a second over 0, not ${limitRate}.`)
  }
}

const invalid = (message: string) => new UploadError(message, { code: 'invalid_option' })

function ignoreMissing(error: unknown): void {
  if (!(error instanceof UploadError) || (error.status !== 404 && error.status !== 400)) throw error
}
