import { chunkOffset, chunkSizeAt } from '@partway/protocol'
import { SourceError, type Web } from './ports.ts'
import type { Upload } from './types.ts'

export type PutRange = (
  upload: Upload,
  index: number,
  body: AsyncIterable<Uint8Array>,
  options: { expected: number },
) => Promise<unknown>

interface RangeFetch {
  web: Web
  url: string
  validator: string
  signal: AbortSignal
  put: PutRange
}

/** Connections to one server at once. */
const PARALLEL = 4

/** Fetches the chunks that are not `done`, several at once; the first failure stops all. */
export async function fetchRanges(
  upload: Upload,
  done: ReadonlySet<number>,
  { web, url, validator, signal, put }: RangeFetch,
): Promise<void> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  let next = 1

  async function work(): Promise<void> {
    while (next <= upload.totalChunks) {
      const index = next++
      if (done.has(index)) continue
      either.throwIfAborted()
      const start = chunkOffset(upload, index)
      const size = chunkSizeAt(upload, index)
      const range = { start, end: start + size - 1 }
      const answer = await web.get(url, { range, validator, signal: either })
      const { partial, start: from, size: total } = answer
      if (!partial || from !== start || total !== upload.totalSize) throw changed()
      await put(upload, index, answer.body, { expected: size })
    }
  }

  const workers = Array.from({ length: Math.min(PARALLEL, upload.totalChunks) }, work)
  try {
    await Promise.all(workers)
  } catch (error) {
    stop.abort()
    await Promise.allSettled(workers)
    throw error
  }
}

const changed = () => new SourceError('The file changed while it was fetched.', { transient: true })
