import { UploadError } from '@partway/client'
import type { Asset, UploadSummary } from '@partway/protocol'
import { type Signal, signal } from '@preact/signals'
import { createEventParser, type StreamEvent } from '../lib/sse.ts'
import type { Ask } from './http.ts'

export interface LiveListener {
  upload?(item: UploadSummary): void
  asset?(item: Asset): void
  assetDeleted?(id: string): void
  /** What was loaded may be old. */
  stale?(): void
}

export interface Live {
  /** `live`: told by the server. `polling`: asked for now and then. `paused`: nobody looks. */
  state: Signal<'live' | 'polling' | 'paused'>
  /** Returns how to stop. */
  listen(listener: LiveListener): () => void
  close(): void
}

/** Between two questions where the server does not tell, in milliseconds. */
const POLL_MS = 3000
/** The server says something every 15 s; a stream that is silent for longer than this is dead. */
const SILENCE_MS = 40_000
const RETRY_MS = { first: 1000, most: 15_000 }
/** Answers after which asking again leads nowhere: this server has no stream for us. */
const FINAL = [401, 403, 404, 405]

/** What changes on the server, while the page is looked at. Without a stream, by polling. */
export function createLive(ask: Ask): Live {
  const listeners = new Set<LiveListener>()
  const state: Live['state'] = signal('paused')
  const closed = new AbortController()
  let cursor = ''
  let connection: AbortController | undefined
  let polling: ReturnType<typeof setInterval> | undefined

  function tellStale(): void {
    for (const { stale } of listeners) stale?.()
  }

  function poll(): void {
    state.value = 'polling'
    polling ??= setInterval(tellStale, POLL_MS)
  }

  function stopPolling(): void {
    clearInterval(polling)
    polling = undefined
  }

  function dispatch({ event, data, id }: StreamEvent): void {
    if (id !== '') cursor = id
    if (event === 'ready') {
      stopPolling()
      state.value = 'live'
    }
    // What was missed is unknown, so that all is.
    if (event === 'reset') tellStale()
    if (event !== 'upload' && event !== 'asset' && event !== 'asset_deleted') return
    const item = JSON.parse(data)
    for (const listener of listeners) {
      if (event === 'upload') listener.upload?.(item)
      else if (event === 'asset') listener.asset?.(item)
      else listener.assetDeleted?.(item._id)
    }
  }

  /** Resolves when the stream has ended. */
  async function follow(connection: AbortSignal): Promise<void> {
    const attempt = new AbortController()
    const signal = AbortSignal.any([connection, attempt.signal])
    const resuming = cursor !== ''
    const headers = resuming ? { 'last-event-id': cursor } : {}
    try {
      const { body } = await within(SILENCE_MS, ask('/events', { headers, signal }))
      if (!resuming) tellStale()
      const parse = createEventParser()
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await within(SILENCE_MS, reader.read())
        if (done) return
        for (const event of parse(value)) dispatch(event)
      }
    } finally {
      // A stream that is silent would keep its connection, and chunks need those.
      attempt.abort()
    }
  }

  async function run(connection: AbortController): Promise<void> {
    const { signal } = connection
    for (let wait = RETRY_MS.first; !signal.aborted; wait = Math.min(RETRY_MS.most, wait * 2)) {
      const started = performance.now()
      const status = await follow(signal).then(() => 200, statusOf)
      if (signal.aborted) return
      poll()
      if (status === 400) cursor = ''
      if (FINAL.includes(status)) return
      if (performance.now() - started > RETRY_MS.most) wait = RETRY_MS.first
      await new Promise((resolve) => setTimeout(resolve, wait))
    }
  }

  function look(): void {
    const visible = document.visibilityState === 'visible'
    if (visible && !connection) {
      connection = new AbortController()
      // What has happened meanwhile is told by the stream; or else, ask.
      if (cursor === '') tellStale()
      poll()
      void run(connection)
    } else if (!visible && connection) {
      connection.abort()
      connection = undefined
      stopPolling()
      state.value = 'paused'
    }
  }

  document.addEventListener('visibilitychange', look, { signal: closed.signal })
  look()
  return {
    state,
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      closed.abort()
      connection?.abort()
      stopPolling()
    },
  }
}

const statusOf = (error: unknown) => (error instanceof UploadError ? error.status : 0)

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing for ${ms} ms`)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
