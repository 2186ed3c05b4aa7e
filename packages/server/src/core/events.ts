import { PartwayError } from '@partway/protocol'
import { cursorOf, timeOfCursor } from './cursor.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'
import { changesFrom, createFeed, type Feed, type FeedDeps, OVERLAP_MS } from './feed.ts'
import type { Change } from './ports.ts'
import type { Asset, UploadProgress } from './types.ts'

export interface EventDeps extends FeedDeps {
  /** @throws PartwayError `api_key_invalid` */
  authenticate: (key: string) => Promise<unknown>
  /** How long deleted assets stay known. */
  graceMs: number
}

/** The latest state of something that changed. */
type State =
  | { kind: 'upload'; upload: UploadProgress }
  | { kind: 'asset'; asset: Asset }
  | { kind: 'asset_deleted'; id: string }

export type StreamEvent =
  | { kind: 'beat' }
  /** `reset`: more may have changed than is told; look at everything again. */
  | { kind: 'ready' | 'reset'; cursor: string }
  | (State & { cursor: string })

export interface EventStream {
  events: AsyncIterable<StreamEvent>
  /** Ends the stream soon. */
  close(): void
}

export interface Watcher {
  account: string
  /** Looked at again and again: a stream does not outlive its key for long. */
  key: string
  /** Where an earlier stream ended. */
  cursor: string | undefined
}

/** A sign of life that proxies and clients can count on. */
const BEAT_MS = 15_000
const KEY_CHECK_MS = 5000
/** Streams of one account on one server. */
export const MAX_STREAMS = 50
/** Changes that are told one by one; with more it is quicker to look at the lists again. */
export const MAX_CHANGES = 1000

export type Events = ReturnType<typeof createEvents>

/**
 * Streams of what changes in an account. The truth is the tables, so any number of servers may make
 * the changes: each stream tells the latest state of what changed, at least once, in the order of the
 * changes. A stream that begins where another ended, on any server, misses nothing.
 */
export function createEvents(deps: EventDeps) {
  const { metadata, clock, every, authenticate, graceMs } = deps
  const feeds = new Map<string, Feed>()
  const queues = new Set<EventQueue>()

  /** @throws PartwayError `too_many_requests`; whatever the database says */
  async function open({ account, key, cursor }: Watcher): Promise<EventStream> {
    const feed = feeds.get(account) ?? createFeed(account, deps)
    if (feed.listeners.size >= MAX_STREAMS) {
      throw new PartwayError(
        'too_many_requests',
        `There are too many streams of events. The most for one account is ${MAX_STREAMS} on each server.`,
        { retryAfter: 10 },
      )
    }
    feeds.set(account, feed)
    const queue = createEventQueue(MAX_CHANGES)
    feed.listeners.add(queue.put)
    queues.add(queue)
    const stopBeats = every(BEAT_MS, queue.beat)
    const stopChecks = every(KEY_CHECK_MS, () => {
      authenticate(key).catch((error) => {
        if (error instanceof PartwayError && error.code === 'api_key_invalid') close()
      })
    })

    function close(): void {
      queue.end()
      queues.delete(queue)
      feed.listeners.delete(queue.put)
      stopBeats()
      stopChecks()
      if (feed.listeners.size > 0 || feeds.get(account) !== feed) return
      feed.stop()
      feeds.delete(account)
    }

    try {
      await feed.begun
    } catch (error) {
      close()
      throw error
    }
    return { events: tell(account, cursor, queue), close }
  }

  async function* tell(
    account: string,
    cursor: string | undefined,
    queue: EventQueue,
  ): AsyncGenerator<StreamEvent> {
    const begun = clock()
    const from = cursor === undefined ? begun : resumable(cursor)
    const missed = cursor === undefined ? [] : from && (await changesSince(account, from))
    if (from === undefined || !missed) {
      yield { kind: 'ready', cursor: cursorOf(begun) }
      yield { kind: 'reset', cursor: cursorOf(begun) }
    } else {
      yield { kind: 'ready', cursor: cursorOf(from) }
      for (const change of missed) {
        if (queue.isEnded()) return
        const state = await stateOf(account, change)
        // Those with a time to come must not carry the cursor past others.
        const at = Math.max(from, Math.min(change.at, begun))
        if (state) yield { ...state, cursor: cursorOf(at) }
      }
    }
    for (let next = await queue.next(); next; next = await queue.next()) {
      if (next.kind === 'beat') yield next
      else if (next.kind === 'overflow') yield { kind: 'reset', cursor: cursorOf(clock()) }
      else {
        const state = await stateOf(account, next.change)
        if (state) yield { ...state, cursor: cursorOf(next.resumeAt) }
      }
    }
  }

  /** `undefined` for what is no cursor, or one from before which a deleted asset may be forgotten. */
  function resumable(cursor: string): number | undefined {
    const at = timeOfCursor(cursor)
    const now = clock()
    const known = at !== undefined && at <= now + OVERLAP_MS && at - OVERLAP_MS >= now - graceMs
    return known ? Math.min(at, now) : undefined
  }

  /** `undefined` when they are too many. */
  async function changesSince(account: string, from: number): Promise<Change[] | undefined> {
    const changes: Change[] = []
    for await (const change of changesFrom(metadata, account, from - OVERLAP_MS)) {
      if (changes.push(change) > MAX_CHANGES) return undefined
    }
    return changes
  }

  /** `undefined` where there is nothing to tell: what we bring ourselves is nobody's session. */
  async function stateOf(account: string, { kind, id }: Change): Promise<State | undefined> {
    if (kind === 'asset') {
      const asset = await metadata.findAsset(account, id)
      return asset ? { kind, asset } : { kind: 'asset_deleted', id }
    }
    const upload = await metadata.findUpload(account, id)
    if (upload?.method === 'multipart') return { kind, upload }
    if (upload?.method !== 'url') return undefined
    const asset = await metadata.findAsset(account, upload.assetId)
    return asset && { kind: 'asset', asset }
  }

  /** Ends all streams. */
  function closeAll(): void {
    for (const queue of queues) queue.end()
  }

  return { open, closeAll }
}
