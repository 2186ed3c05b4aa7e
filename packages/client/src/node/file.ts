import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { changed, type Source } from '../source.ts'

export interface FileSource extends Source, AsyncDisposable {
  modified: number
}

/**
 * A file, read in place.
 *
 * @throws Error as `node:fs` does, or when `path` is not a file
 */
export async function openFile(path: string): Promise<FileSource> {
  const file = await open(path, 'r')
  const stats = await file.stat()
  if (!stats.isFile()) {
    await file.close()
    throw new Error(`${path} is not a file`)
  }
  return {
    name: basename(path),
    size: stats.size,
    modified: stats.mtimeMs,
    async read(start, end, into) {
      const bytes = into ?? new Uint8Array(end - start)
      let filled = 0
      while (filled < bytes.byteLength) {
        const rest = bytes.subarray(filled)
        const { bytesRead } = await file.read(rest, 0, rest.byteLength, start + filled)
        if (bytesRead === 0) throw changed(path)
        filled += bytesRead
      }
      return bytes
    },
    async isChanged() {
      const now = await file.stat()
      return now.size !== stats.size || now.mtimeMs !== stats.mtimeMs
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
