import {
  type Client,
  type Source,
  type Upload,
  UploadError,
  type UploadedAsset,
  type UploadOptions,
  type UploadProgress,
} from '@partway/client'
import { doubt, isAway, reachable } from '../api/reachable.ts'
import { ignoreMissing } from './end.ts'

/**
 * A client whose uploads wait while there is no way to the server, and then go on by themselves. They
 * stay under way for whoever began them, so that no other is begun in their place.
 */
export const patientClient = (client: Client): Client => ({
  ...client,
  upload: (source, options = {}) => startPatiently(client, source, options),
})

function startPatiently(client: Client, source: Source, options: UploadOptions): Upload {
  const { promise, resolve, reject } = Promise.withResolvers<UploadedAsset>()
  promise.catch(() => {})
  /** The try that is under way, or was paused. */
  let current: Upload | undefined
  let { uploadId } = options
  let assetId: string | undefined
  let isPaused = false
  let isOver = false
  /** What was confirmed when a try failed though the server was there. */
  let confirmed = 0
  let progress: UploadProgress = {
    ...{ phase: 'starting', total: source.size, acknowledged: 0, sent: 0, rate: 0 },
    secondsLeft: undefined,
  }
  let stopLooking = () => {}

  function tell(next: UploadProgress): void {
    progress = next
    options.onProgress?.(next)
  }

  function go(): void {
    if (isPaused || isOver || !reachable.peek()) return
    if (current) current.resume()
    else begin()
  }

  async function halt(): Promise<void> {
    if (current) await current.pause()
    else if (!isOver) tell({ ...progress, phase: 'paused' })
  }

  function begin(): void {
    const upload = client.upload(source, {
      ...{ ...options, ...(uploadId ? { uploadId } : {}) },
      onProgress: (next) => next.phase === 'failed' || tell(next),
    })
    current = upload
    upload.done().then(
      (asset) => end(() => resolve(asset)),
      (error) => {
        uploadId = upload.id ?? uploadId
        assetId = upload.assetId ?? assetId
        current = undefined
        return onFailed(error)
      },
    )
  }

  async function onFailed(error: unknown): Promise<void> {
    if (isOfAway(error)) {
      await doubt()
      if (current || isOver || isPaused || !reachable.peek()) return
      // It is back already. What gets nowhere though it is there is not tried for ever.
      if (progress.acknowledged > confirmed) {
        confirmed = progress.acknowledged
        return go()
      }
    }
    fail(error)
  }

  function fail(error: unknown): void {
    end(() => {
      tell({ ...progress, phase: 'failed' })
      reject(error)
    })
  }

  function end(settle: () => void): void {
    if (isOver) return
    isOver = true
    stopLooking()
    settle()
  }

  options.signal?.addEventListener('abort', () => current || fail(options.signal?.reason))
  // Later, because nobody has what is returned yet who could be told of it.
  queueMicrotask(() => {
    if (!isOver) stopLooking = reachable.subscribe((isThere) => void (isThere ? go() : halt()))
  })

  return {
    get id() {
      return current?.id ?? uploadId
    },
    get assetId() {
      return current?.assetId ?? assetId
    },
    get progress() {
      return progress
    },
    done: () => promise,
    async pause() {
      isPaused = true
      await halt()
    },
    resume() {
      isPaused = false
      go()
    },
    async abort() {
      if (current) return current.abort()
      fail(new UploadError('The upload was aborted.', { code: 'aborted' }))
      if (uploadId) await client.uploads.abort(uploadId).catch(ignoreMissing)
    },
    async *[Symbol.asyncIterator]() {
      yield progress
      await promise
      yield progress
    },
  }
}

const isOfAway = (error: unknown) =>
  error instanceof UploadError &&
  (['network_error', 'stalled'].includes(error.code) || isAway(error.status))
