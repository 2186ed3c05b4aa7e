import { createHash, randomBytes } from 'node:crypto'
import { open, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChunkPlan } from '@partway/protocol'
import type { Chunk, Upload } from '../../core/types.ts'
import { errnoOf } from './errors.ts'
import { MANIFEST } from './layout.ts'

/** What makes up an object. With it, a folder is readable without any database. */
export interface Manifest extends ChunkPlan {
  version: 1
  uploadId: string
  /** SHA-256 of every chunk, in order. */
  chunks: string[]
}

export function manifestOf(upload: Upload, chunks: Chunk[]): Manifest {
  const { id, totalSize, chunkSize, totalChunks } = upload
  const etags = chunks.map(({ etag }) => etag)
  return { version: 1, uploadId: id, totalSize, chunkSize, totalChunks, chunks: etags }
}

/** Strong, and like S3's: a digest of the digests and their number. */
export function etagOf({ chunks }: Manifest): string {
  return `${createHash('sha256').update(chunks.join('')).digest('hex')}-${chunks.length}`
}

/** Writes the manifest of a folder; durable when the folder is synced after it. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const temporary = join(folder, `${MANIFEST}.${randomBytes(8).toString('hex')}`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(JSON.stringify(manifest))
    await file.sync()
    await rename(temporary, join(folder, MANIFEST))
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
}

/** The manifest in `folder`; `undefined` when there is none. */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Manifest
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
