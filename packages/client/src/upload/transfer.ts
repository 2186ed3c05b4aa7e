import { normalizeEtag } from '@partway/protocol'
import { errorOf, UploadError } from '../error.ts'
import type { Platform } from '../platform.ts'
import { PATIENT_RETRY, withRetry } from '../retry.ts'
import type { Meter } from './progress.ts'
import type { Throttle } from './throttle.ts'
import type { ChunkUrls } from './urls.ts'
import { digestHeader, verifyEtag } from './verify-etag.ts'
import type { Window } from './window.ts'

export interface TransferDeps {
  platform: Platform
  urls: ChunkUrls
  /** What the server wants with every chunk. */
  headers: Record<string, string>
  meter: Meter
  window: Window
  throttle: Throttle
  signal: AbortSignal
}

/** One chunk on its way. */
export interface Transfer {
  /** The store's ETag, normalised. @throws UploadError */
  etag: Promise<string>
  startedAt: number
  /** Sends the same bytes on a second connection as well; the first to arrive wins. */
  again(): void
  sentTwice(): boolean
}

/** A connection on which nothing moves for so long is given up, in milliseconds. */
const STALL_MS = 30_000
/**
 * What may be moving where we do not see it: all of a chunk by a transport that tells nothing, and
 * what the system holds for us of what it has taken; and the slowest line we wait for, in bytes a
 * second.
 */
const HELD = 4 * 1024 * 1024
const SLOWEST = 32 * 1024
/** URLs that the store refuses one after the other, before it is taken at its word. */
const MAX_REFUSED = 3

export function startTransfer(
  index: number,
  body: Uint8Array<ArrayBuffer>,
  sha256: string | undefined,
  deps: TransferDeps,
): Transfer {
  const stops: AbortController[] = []
  const won = Promise.withResolvers<string>()
  let open = 0
  let settled = false

  function launch(): void {
    const stop = new AbortController()
    stops.push(stop)
    open += 1
    const signal = AbortSignal.any([deps.signal, stop.signal])
    send(index, body, sha256, { ...deps, signal }).then(
      (etag) => {
        settled = true
        for (const other of stops) if (other !== stop) other.abort()
        won.resolve(etag)
      },
      (error) => {
        open -= 1
        if (open > 0) return
        settled = true
        won.reject(error)
      },
    )
  }

  launch()
  return {
    etag: won.promise,
    startedAt: performance.now(),
    again: () => {
      if (!settled && stops.length === 1) launch()
    },
    sentTwice: () => stops.length > 1,
  }
}

/** Sends a chunk as often as it is worth it. */
async function send(
  index: number,
  body: Uint8Array<ArrayBuffer>,
  sha256: string | undefined,
  { platform, urls, headers, meter, window, throttle, signal }: TransferDeps,
): Promise<string> {
  let refused = 0
  const onRetry = (error: UploadError) => {
    if (!isRefusal(error)) window.trouble()
  }
  return withRetry({ policy: PATIENT_RETRY, signal, onRetry }, async () => {
    // Before the URL is asked for, which may not live as long as the wait.
    if (platform.whole) await throttle.take(body.byteLength, signal)
    const url = await urls.get(index, signal)
    const name = Symbol()
    const stall = stallTimer(signal, body.byteLength)
    try {
      const answer = await platform.transport({
        ...{
          url,
          body,
          headers: { ...headers, ...digestHeader(url, sha256) },
          signal: stall.signal,
          slice: throttle.slice,
        },
        onSent(bytes) {
          if (stall.ended()) return
          stall.restart(Math.min(HELD, bytes))
          meter.sending(name, bytes)
        },
        async allow(bytes) {
          if (platform.whole) return
          stall.pause()
          await throttle.take(bytes, stall.signal)
          stall.restart()
        },
      })
      if (answer.status >= 200 && answer.status < 300) {
        const etag = normalizeEtag(answer.header('etag') ?? '')
        if (etag === '') throw missingEtag()
        verifyEtag(etag, sha256, body, platform, answer)
        return etag
      }
      const error = errorOf(answer)
      if (!isRefusal(error)) throw error
      // The URL ran out, or our clock is wrong: a fresh one may do.
      urls.drop(index)
      refused += 1
      throw refused >= MAX_REFUSED ? error : again(error)
    } catch (error) {
      throw error instanceof UploadError ? error.at(index) : error
    } finally {
      stall.end()
      meter.settle(name)
    }
  })
}

/** The URL is not good, or not any more; S3 says so with 400 where its signer's token has expired. */
const isRefusal = ({ status, code }: UploadError) =>
  status === 401 || status === 403 || code === 'ExpiredToken'

const again = (error: UploadError) =>
  new UploadError(error.message, {
    ...{ code: error.code, status: error.status, requestId: error.requestId, cause: error },
    retryAfterMs: error.retryAfterMs,
    retryable: true,
  })

const missingEtag = () =>
  new UploadError(
    'The store answered without an ETag. A page can only read it where the store exposes it by CORS.',
    { code: 'invalid_answer' },
  )

/** Aborts when nothing has moved for a while. */
function stallTimer(signal: AbortSignal, size: number) {
  const stalled = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let ended = false
  let unseen = size
  const fire = () => stalled.abort(new UploadError('Nothing moved any more.', { code: 'stalled' }))
  const pause = () => clearTimeout(timer)
  const restart = (held = unseen) => {
    unseen = held
    pause()
    // A transport may tell of what left when all is over.
    if (!ended) timer = setTimeout(fire, STALL_MS + (unseen / SLOWEST) * 1000)
  }
  restart()
  return {
    signal: AbortSignal.any([signal, stalled.signal]),
    restart,
    /** While we are waiting ourselves. */
    pause,
    ended: () => ended,
    end() {
      ended = true
      pause()
    },
  }
}
