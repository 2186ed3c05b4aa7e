import { UploadError } from './error.ts'

/** Bytes that can be read at any place, as often as needed. */
export interface Source {
  /** Without a path. */
  name: string
  /** Bytes. */
  size: number
  /** When it was last changed, in epoch milliseconds; `undefined` where nothing says. */
  modified?: number | undefined
  /** It is not what it was when it was opened; absent where nothing tells. */
  isChanged?(): Promise<boolean>
  /** It can be read only once, from its start to its end. */
  once?: boolean
  /**
   * Bytes `start` (inclusive) to `end` (exclusive).
   *
   * @param into of that very length, to be used instead of new memory where that is possible
   * @throws UploadError `file_changed` when they are not there any more
   */
  read(start: number, end: number, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>
  /** Nothing more of it will be read. */
  cancel?(): void
}

/** A `File`, or a `Blob` with a name. */
export function fromBlob(blob: Blob, name?: string): Source {
  const file = blob as Partial<File>
  return {
    name: name ?? file.name ?? 'unnamed',
    size: blob.size,
    modified: file.lastModified,
    async read(start, end) {
      try {
        return new Uint8Array(await blob.slice(start, end).arrayBuffer())
      } catch (cause) {
        // Browsers refuse to read a file that was changed after it was chosen.
        throw changed(name ?? file.name ?? 'The file', cause)
      }
    },
  }
}

export function fromBytes(bytes: Uint8Array, name: string): Source {
  return {
    name,
    size: bytes.byteLength,
    read: async (start, end) => new Uint8Array(bytes.subarray(start, end)),
  }
}

/** A stream whose length is known. It cannot be resumed by another process. */
export function fromStream(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
  { name, size }: { name: string; size: number },
): Source {
  const pieces = iterate(stream)
  let position = 0
  let rest: Uint8Array = new Uint8Array()
  let reading: Promise<unknown> = Promise.resolve()

  async function read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    if (start !== position) throw new Error(`${name} can only be read in order`)
    const bytes = new Uint8Array(end - start)
    let filled = 0
    while (filled < bytes.byteLength) {
      if (rest.byteLength === 0) {
        const { done, value } = await pieces.next()
        if (done) throw changed(name, new Error(`it ended after ${position + filled} bytes`))
        rest = value
      }
      const part = rest.subarray(0, bytes.byteLength - filled)
      bytes.set(part, filled)
      rest = rest.subarray(part.byteLength)
      filled += part.byteLength
    }
    position = end
    return bytes
  }

  return {
    name,
    size,
    once: true,
    read(start, end) {
      const result = reading.then(() => read(start, end))
      reading = result.catch(() => {})
      return result
    },
    cancel: () => void pieces.return?.().catch(() => {}),
  }
}

/** Safari has streams that cannot be iterated; and a reader lets go also of a stream that hangs. */
function iterate(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncIterator<Uint8Array, unknown> {
  if (!('getReader' in stream)) return stream[Symbol.asyncIterator]()
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    return: async () => ({ done: true, value: await reader.cancel() }),
  }
}

/** What went wrong with a source, in our words unless it has said so itself. */
export const unreadable = (name: string, cause: unknown): UploadError =>
  cause instanceof UploadError
    ? cause
    : new UploadError(`${name} cannot be read: ${(cause as Error)?.message ?? cause}`, {
        ...{ code: 'file_unreadable', cause },
      })

export const changed = (name: string, cause?: unknown) =>
  new UploadError(`${name} was changed while it was uploaded.`, { code: 'file_changed', cause })
