import { type ChunkPlan, MAX_BATCH, type PresignedURLChunk } from '@partway/protocol'
import type { UploadsApi } from '../api.ts'
import { UploadError } from '../error.ts'

export interface ChunkUrls {
  get(index: number, signal: AbortSignal): Promise<string>
  /** The store did not take it: the next one will be a fresh one. */
  drop(index: number): void
}

/** A URL is used while this part of its life is left, or this many milliseconds, whichever is less. */
const RESERVE = 0.25
const RESERVE_MS = 30_000
/** How many chunks before they are needed. */
const AHEAD = 16

/**
 * Chunk URLs, asked for when they are needed, many at once, and renewed before they run out.
 *
 * @param signal ends what is asked for; a chunk that gives up takes no other with it
 */
export function createUrls(
  api: UploadsApi,
  uploadId: string,
  plan: ChunkPlan,
  initial: PresignedURLChunk[],
  signal: AbortSignal,
): ChunkUrls {
  const known = new Map<number, { url: string; until: number; round: number }>()
  let asking: Promise<void> | undefined
  let round = 0

  function keep(urls: PresignedURLChunk[]): void {
    const now = Date.now()
    for (const { chunk_index, url, expires_at } of urls) {
      const end = Date.parse(expires_at)
      const until = end - Math.min(RESERVE_MS, (end - now) * RESERVE)
      known.set(chunk_index, { url, until, round })
    }
  }
  keep(initial)

  async function ask(start: number): Promise<void> {
    round += 1
    const count = Math.min(MAX_BATCH, plan.totalChunks - start + 1)
    keep((await api.presign(uploadId, { start, count }, signal)).upload_urls)
  }

  function startAsking(start: number): Promise<void> {
    asking = ask(start).finally(() => {
      asking = undefined
    })
    return asking
  }

  /** Asks for the next ones in time, so that no connection waits for them. */
  function lookAhead(index: number): void {
    const last = Math.min(index + AHEAD, plan.totalChunks)
    let next = index + 1
    while (next <= last && known.has(next)) next += 1
    // Whoever needs it will be told of a failure.
    if (next <= last && !asking) startAsking(next).catch(() => {})
  }

  return {
    async get(index, own) {
      const since = round
      for (;;) {
        own.throwIfAborted()
        const found = known.get(index)
        // One that was asked for since is used as it is: its life may be short, or our clock wrong.
        if (found && (found.round > since || Date.now() < found.until)) {
          lookAhead(index)
          return found.url
        }
        const first = asking === undefined
        await (asking ?? startAsking(index))
        if (first && known.get(index)?.round !== round) throw noUrl(index)
      }
    },
    drop: (index) => known.delete(index),
  }
}

const noUrl = (index: number) =>
  new UploadError(`The server gave no URL for chunk ${index}.`, { code: 'invalid_answer' })
