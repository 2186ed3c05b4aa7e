import { hash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isFileName } from '../../core/files.ts'
import type { StoredFile } from '../../core/ports.ts'
import type { Claim } from '../../core/types.ts'
import { errnoOf } from './errors.ts'
import { bodyName, createLayout } from './layout.ts'
import { readSlice } from './read.ts'

/** Bytes that are gone or are not what they were. */
export class DamagedError extends Error {
  override readonly name = 'DamagedError'
}

/** A file store that is only read, and whose bytes are compared with their digests. */
export interface FileSource {
  /** All of a proven chunk. @throws DamagedError when it is not there, or has another SHA-256 than its ETag */
  chunk(ref: string, chunk: Claim): Promise<Buffer>
  /** Names of the files that were made from an object. */
  files(ref: string): Promise<string[]>
  file(ref: string, name: string): Promise<StoredFile>
}

/** @throws Error when there is no store in `root` */
export async function openFileSource(root: string): Promise<FileSource> {
  const layout = createLayout(root)
  await stat(layout.objects).catch((error) => {
    throw errnoOf(error) === 'ENOENT' ? new Error(`there is no store at ${root}.`) : error
  })

  return {
    async chunk(ref, { index, etag }) {
      const path = join(layout.object(ref), bodyName(index, etag))
      const bytes = await readFile(path).catch((error) => {
        throw damage(error, `chunk ${index}`)
      })
      if (hash('sha256', bytes) === etag) return bytes
      throw new DamagedError(`chunk ${index} has other bytes than were sent (${path})`)
    },

    async files(ref) {
      const names = await readdir(layout.filesOf(ref)).catch((error) => {
        if (errnoOf(error) === 'ENOENT') return []
        throw error
      })
      return names.filter(isFileName)
    },

    async file(ref, name) {
      const path = join(layout.filesOf(ref), name)
      const { size } = await stat(path).catch((error) => {
        throw damage(error, name)
      })
      return { size, open: ({ start, end }) => readSlice(path, start, end - start + 1) }
    },
  }
}

/** A file that is missing, or on a part of the disk that cannot be read, is its asset's trouble alone. */
function damage(error: unknown, what: string): unknown {
  const errno = errnoOf(error)
  if (errno === 'ENOENT') return new DamagedError(`${what} is missing`)
  return errno === 'EIO' ? new DamagedError(`${what} cannot be read (EIO)`) : error
}
