import type { Platform } from '../platform.ts'
import type { Source } from '../source.ts'
import type { JournalEntry } from './journal.ts'
import type { Meter } from './progress.ts'
import { readChunk } from './reader.ts'
import type { Session } from './session.ts'

/** A chunk that the store may have: it was sent, or begun, and is not reported. */
export interface Unreported {
  index: number
  etag: string
  /** The store has confirmed it. Otherwise it was only begun. */
  confirmed: boolean
}

export interface Checked {
  /** The file is not the one that was being uploaded. */
  changed: boolean
  unreported: Unreported[]
}

/**
 * Reads again what was sent before, and compares. What the server has of chunks that were only
 * begun is found out by reporting them: where ETags are SHA-256, we know what it would be.
 */
export async function checkSent(
  { plan, reported, ours }: Session,
  entry: JournalEntry | undefined,
  source: Source,
  { sha256 }: Platform,
  meter: Meter,
  signal: AbortSignal,
): Promise<Checked> {
  const unreported: Unreported[] = []
  if (!entry) return { changed: false, unreported }
  if (source.once) {
    // It cannot be read again, and need not be: it is the same stream.
    for (const [index, { etag }] of entry.stored) {
      if (!reported.has(index)) unreported.push({ index, etag, confirmed: true })
    }
    return { changed: false, unreported }
  }
  meter.enter('checking')
  const digestOf = async (index: number) => {
    signal.throwIfAborted()
    return sha256(await readChunk(source, plan, index))
  }
  for (const [index, { etag, sha256: before }] of entry.stored) {
    const now = before === undefined ? undefined : await digestOf(index)
    if (now !== before) return { changed: true, unreported: [] }
    if (!reported.has(index)) unreported.push({ index, etag, confirmed: true })
  }
  // Others might believe any proof.
  for (const index of ours ? entry.begun : []) {
    if (entry.stored.has(index) || reported.has(index)) continue
    const etag = await digestOf(index)
    if (etag !== undefined) unreported.push({ index, etag, confirmed: false })
  }
  return { changed: false, unreported }
}
