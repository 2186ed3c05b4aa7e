/** The place that holds the bytes did not answer as it should: no fault of the content. */
export class UnreachableSourceError extends Error {
  override readonly name = 'UnreachableSourceError'
}

/** Bytes of one file, some at a time. */
export interface ByteSource {
  size: number
  /** Bytes `start` to `end`, exclusive; fewer only where the file ends. */
  read(start: number, end: number): Promise<Buffer>
}

/** Small reads in one neighbourhood, such as headers, become one request. */
const BLOCK = 32 * 1024
const MAX_BLOCKS = 32

/** Reads a file by HTTP ranges and remembers the last MiB of blocks. */
export function openByteSource(url: string, size: number, signal?: AbortSignal): ByteSource {
  const blocks = new Map<number, Promise<Buffer>>()

  function block(number: number): Promise<Buffer> {
    const known = blocks.get(number)
    if (known) return known
    const start = number * BLOCK
    const found = fetchRange(url, start, Math.min(start + BLOCK, size), signal)
    blocks.set(number, found)
    if (blocks.size > MAX_BLOCKS) blocks.delete(blocks.keys().next().value!)
    return found
  }

  return {
    size,
    async read(start, end) {
      const last = Math.min(end, size)
      if (start >= last) return Buffer.alloc(0)
      if (last - start > 2 * BLOCK) return fetchRange(url, start, last, signal)
      const pieces: Promise<Buffer>[] = []
      for (let at = Math.floor(start / BLOCK); at * BLOCK < last; at++) pieces.push(block(at))
      const from = start - Math.floor(start / BLOCK) * BLOCK
      return Buffer.concat(await Promise.all(pieces)).subarray(from, from + last - start)
    },
  }
}

/**
 * Bytes `start` to `end`, exclusive.
 *
 * @throws UnreachableSourceError when the answer is not exactly these bytes
 */
export async function fetchRange(
  url: string,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of streamRange(url, start, end, signal)) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** Like `fetchRange`, piece by piece. */
export async function* streamRange(
  url: string,
  start: number,
  end: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let received = 0
  try {
    const response = await fetch(url, {
      headers: { range: `bytes=${start}-${end - 1}` },
      // Redirects lead to places that nobody has checked.
      redirect: 'error',
      ...(signal && { signal }),
    })
    if (response.status !== 206) {
      await response.body?.cancel()
      throw new UnreachableSourceError(`the source answered ${response.status}`)
    }
    for await (const piece of response.body ?? []) {
      received += piece.byteLength
      yield piece
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof UnreachableSourceError) throw error
    throw new UnreachableSourceError('the source does not answer', { cause: error })
  }
  if (received !== end - start) {
    throw new UnreachableSourceError(`the source sent ${received} bytes instead of ${end - start}`)
  }
}
