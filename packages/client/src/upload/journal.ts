import type { ChunkPlan } from '@partway/protocol'

/** What makes a file this very file, for this server and account. */
export interface JournalKey {
  server: string
  /** Not the key itself: enough of its digest to tell accounts apart. */
  account: string
  name: string
  /** Bytes. */
  size: number
  /** Epoch milliseconds; `undefined` where the source does not say. */
  modified: number | undefined
  /** What was asked for with it, as text. */
  wishes: string
}

/** A chunk that the store has confirmed. */
export interface StoredDigest {
  etag: string
  sha256: string | undefined
}

export interface JournalEntry {
  uploadId: string
  assetId: string
  plan: ChunkPlan
  /** Chunks that the store has confirmed, reported or not. */
  stored: Map<number, StoredDigest>
  /** Chunks that were begun: the store may have them, and the answer was lost. */
  begun: Set<number>
}

/** The journal of one upload, which nobody else has while it is open. */
export interface Journal {
  /** What was found when it was opened, and everything noted since. */
  readonly entry: JournalEntry | undefined
  /** Starts afresh. */
  start(upload: Omit<JournalEntry, 'stored' | 'begun'>): Promise<void>
  begun(index: number): Promise<void>
  stored(index: number, digest: StoredDigest): Promise<void>
  /** There is nothing to go on with any more. */
  forget(): Promise<void>
  /** Lets others have it. */
  close(): Promise<void>
}

export interface JournalStore {
  /** @throws UploadError `upload_in_progress` when somebody else has it open */
  open(key: JournalKey): Promise<Journal>
}

export type Sink = (line: JournalEvent) => Promise<void>

/** What a journal that is kept somewhere notes, in this order. */
export type JournalEvent =
  | { kind: 'start'; upload: Omit<JournalEntry, 'stored' | 'begun'> }
  | { kind: 'begun'; index: number }
  | { kind: 'stored'; index: number; digest: StoredDigest }

/**
 * A journal in memory, of which every event goes to `write` first. What cannot be written is
 * remembered until the process ends: an upload is worth more than being able to go on with it.
 */
export function createJournal(
  found: JournalEntry | undefined,
  write: Sink,
  ends: { forget(): Promise<void>; close(): Promise<void> },
): Journal {
  let entry = found
  const note = (event: JournalEvent) => write(event).catch(() => {})
  return {
    get entry() {
      return entry
    },
    async start(upload) {
      await note({ kind: 'start', upload })
      entry = { ...upload, stored: new Map(), begun: new Set() }
    },
    async begun(index) {
      if (entry?.begun.has(index)) return
      await note({ kind: 'begun', index })
      entry?.begun.add(index)
    },
    async stored(index, digest) {
      await note({ kind: 'stored', index, digest })
      entry?.stored.set(index, digest)
    },
    async forget() {
      entry = undefined
      await ends.forget()
    },
    close: ends.close,
  }
}

/** Applies an event that was noted earlier. */
export function replay(
  entry: JournalEntry | undefined,
  event: JournalEvent,
): JournalEntry | undefined {
  if (event.kind === 'start') return { ...event.upload, stored: new Map(), begun: new Set() }
  if (event.kind === 'begun') entry?.begun.add(event.index)
  else entry?.stored.set(event.index, event.digest)
  return entry
}

/** For sources that cannot be read again by another process: enough for pause and resume. */
export const memoryJournal = (): Journal =>
  createJournal(undefined, async () => {}, { forget: async () => {}, close: async () => {} })
