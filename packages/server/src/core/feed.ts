import type { Change, Clock, Every, Metadata } from './ports.ts'

/**
 * How long after its time a change may come to light: a transaction that waits for its locks, a
 * database that was slow to commit, another server whose clock is behind.
 */
export const OVERLAP_MS = 60_000

/** How often the tables are asked, for all who watch one account together. */
const POLL_MS = 1000
const PAGE = 1000

/** Told of a change, and of the time from which a later stream would find it again. */
export type Listener = (change: Change, resumeAt: number) => void

export interface FeedDeps {
  metadata: Metadata
  clock: Clock
  every: Every
  onError: (error: unknown, subject: string) => void
}

export type Feed = ReturnType<typeof createFeed>

/** Watches the tables for changes of one account, whichever server makes them, until it is stopped. */
export function createFeed(account: string, { metadata, clock, every, onError }: FeedDeps) {
  const listeners = new Set<Listener>()
  /** What was told, or was there before: by id, the time of its last change. */
  const known = new Map<string, number>()
  let polledAt = clock()
  let polling = false

  async function poll(tell: Listener): Promise<void> {
    const started = clock()
    for await (const change of changesFrom(metadata, account, polledAt - OVERLAP_MS)) {
      if (known.get(change.id) === change.at) continue
      known.set(change.id, change.at)
      tell(change, polledAt)
    }
    for (const [id, at] of known) if (at < started - OVERLAP_MS) known.delete(id)
    polledAt = started
  }

  const tellAll: Listener = (change, resumeAt) => {
    for (const tell of listeners) tell(change, resumeAt)
  }

  const stop = every(POLL_MS, () => {
    if (polling) return
    polling = true
    begun
      .then(() => poll(tellAll))
      .catch((error) => onError(error, `look for changes of account ${account}`))
      .finally(() => {
        polling = false
      })
  })
  /** Resolves when what is there already is known; from then on nothing is missed. */
  const begun = poll(() => {})
  begun.catch(stop)

  return { listeners, begun, stop }
}

/** All changes at or after a time, in their order. */
export async function* changesFrom(
  metadata: Metadata,
  account: string,
  at: number,
): AsyncGenerator<Change> {
  let position = { at, id: '' }
  for (;;) {
    const page = await metadata.listChanges(account, position, PAGE)
    yield* page
    if (page.length < PAGE) return
    position = page.at(-1)!
  }
}
