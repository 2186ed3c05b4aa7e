type Bytes = AsyncIterable<Uint8Array>

export interface Peeked {
  head: Uint8Array
  /** All of it, still to be read. */
  body: Bytes
  /** For when `body` is not read after all. */
  close(): Promise<void>
}

/** The first `size` bytes of a body, or all there are, and the whole body still to be read. */
export async function peek(body: Bytes, size: number): Promise<Peeked> {
  const source = body[Symbol.asyncIterator]()
  const pieces: Uint8Array[] = []
  let read = 0
  let ended = false
  while (read < size && !ended) {
    const { done, value } = await source.next()
    if (done) ended = true
    else {
      pieces.push(value)
      read += value.byteLength
    }
  }
  const head = new Uint8Array(Math.min(read, size))
  let position = 0
  for (const piece of pieces) {
    head.set(piece.subarray(0, head.byteLength - position), position)
    position = Math.min(position + piece.byteLength, head.byteLength)
  }
  async function close(): Promise<void> {
    if (!ended) await source.return?.()
    ended = true
  }
  async function* whole() {
    try {
      for (const piece of pieces.splice(0)) yield piece
      while (!ended) {
        const { done, value } = await source.next()
        if (done) ended = true
        else yield value
      }
    } finally {
      await close()
    }
  }
  return { head, body: whole(), close }
}

/**
 * Cuts a body into consecutive bodies of `size` bytes, the last of which may be shorter; none is
 * empty. Each has to be read to its end before the next is taken.
 */
export async function* cut(body: Bytes, size: number): AsyncGenerator<Bytes> {
  const source = body[Symbol.asyncIterator]()
  let ended = false
  let rest: Uint8Array = new Uint8Array()

  /** `false` when there is nothing more. */
  async function fill(): Promise<boolean> {
    while (rest.byteLength === 0 && !ended) {
      const { done, value } = await source.next()
      if (done) ended = true
      else rest = value
    }
    return rest.byteLength > 0
  }

  async function* next() {
    let left = size
    while (left > 0 && (await fill())) {
      const piece = rest.subarray(0, left)
      rest = rest.subarray(piece.byteLength)
      left -= piece.byteLength
      yield piece
    }
  }

  try {
    while (await fill()) yield next()
  } finally {
    if (!ended) await source.return?.()
  }
}
