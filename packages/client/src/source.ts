/** Bytes that can be read at any place, as often as needed. */
export interface Source {
  /** Without a path. */
  name: string
  /** Bytes. */
  size: number
  /** Bytes `start` (inclusive) to `end` (exclusive). */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

/** A `File`, or a `Blob` with a name. */
export function fromBlob(blob: Blob, name: string): Source {
  return {
    name,
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  }
}
