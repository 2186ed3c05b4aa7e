import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sliceRange } from '@partway/protocol'
import type { ChunkSink, ChunkStore } from '../../core/ports.ts'
import type { Chunk, SealedObject, StoredChunk, Upload } from '../../core/types.ts'
import type { ChunkUrls } from '../chunk-urls.ts'
import { contentMissing } from '../object-errors.ts'
import { createDerivedFiles } from './derived.ts'
import { syncFolder } from './durable.ts'
import { errnoOf, fileError, guarded } from './errors.ts'
import { bodyName, createLayout, isDigest, MANIFEST } from './layout.ts'
import { etagOf, type Manifest, manifestOf, readManifest, writeManifest } from './manifest.ts'
import { readSlice } from './read.ts'
import { createFileSink } from './sink.ts'

/**
 * A store in a folder of a local file system that has atomic renames and honours fsync.
 *
 * @param root made if its parent exists
 */
export async function openFileStore(
  root: string,
  urls: ChunkUrls,
): Promise<ChunkStore & ChunkSink> {
  const layout = createLayout(root)
  for (const folder of [layout.root, layout.uploads, layout.objects, layout.files]) {
    await mkdir(folder, { mode: 0o700 }).catch((error) => {
      if (errnoOf(error) !== 'EEXIST') throw error
    })
  }
  await syncFolder(layout.root)
  await syncFolder(dirname(resolve(layout.root)))

  async function begin(upload: Upload): Promise<string> {
    // Not recursive: where a disk is not mounted, an upload must fail and not fill the root disk.
    await mkdir(layout.upload(upload.id), { mode: 0o700 })
    await syncFolder(layout.uploads)
    return upload.id
  }

  async function seal(upload: Upload, chunks: Chunk[]): Promise<SealedObject> {
    const from = layout.upload(upload.storeRef)
    const to = layout.object(upload.assetId)
    const manifest = (await readManifest(to)) ?? (await move(from, to, manifestOf(upload, chunks)))
    // Once more where nothing new can appear: a PUT may have come between the first look and the
    // rename of the folder.
    await dropStrays(to, manifest)
    // Also when the rename was somebody else's: it may not be durable yet, and what follows is the
    // record that says it is.
    await syncFolder(layout.objects)
    await syncFolder(layout.uploads)
    return { ref: upload.assetId, etag: etagOf(manifest) }
  }

  /**
   * One rename, whatever the size. Whoever loses a race finds the winner's manifest, or the
   * folder as it was and tries again.
   */
  async function move(from: string, to: string, manifest: Manifest, tries = 3): Promise<Manifest> {
    try {
      await dropStrays(from, manifest)
      await writeManifest(from, manifest)
      await syncFolder(from)
      await rename(from, to)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
      const winner = await readManifest(to)
      if (winner) return winner
      if (tries === 1) throw error
      return move(from, to, manifest, tries - 1)
    }
    return manifest
  }

  /** What is missing from a store that is there is really missing. @throws as `node:fs` does */
  const requireStore = () => access(layout.uploads)

  async function removeObject(ref: string): Promise<void> {
    await rm(layout.object(ref), { recursive: true, force: true })
    // Second, because files are only added where there is an object.
    await rm(layout.filesOf(ref), { recursive: true, force: true })
  }

  async function* read(ref: string, range: { start: number; end: number }) {
    const folder = layout.object(ref)
    const manifest = await readManifest(folder)
    if (!manifest) throw contentMissing(ref)
    for (const slice of sliceRange(manifest, range.start, range.end)) {
      const path = join(folder, bodyName(slice.index, manifest.chunks[slice.index - 1]!))
      yield* readSlice(path, slice.start, slice.length)
    }
  }

  return {
    ...createFileSink(layout, urls),
    ...createDerivedFiles(layout),
    begin: (upload) => guarded(() => begin(upload)),
    presign: async (upload, indexes, context) => urls.presign(upload, indexes, context),
    seal: (upload, chunks) => guarded(() => seal(upload, chunks)),

    stat: (upload, claims) =>
      guarded(async () => {
        const folder = layout.upload(upload.storeRef)
        const found = new Map<number, StoredChunk>()
        for (const { index, etag } of claims) {
          if (!isDigest(etag)) continue
          const size = await sizeOf(join(folder, bodyName(index, etag)))
          if (size !== undefined) found.set(index, { etag, size })
        }
        if (found.size < claims.length) await requireStore()
        return found
      }),

    async *open(ref, range) {
      try {
        yield* read(ref, range)
      } catch (error) {
        throw fileError(error)
      }
    },

    size: (ref) =>
      guarded(async () => {
        const manifest = await readManifest(layout.object(ref))
        if (!manifest) throw contentMissing(ref)
        let total = 0
        for (const [i, etag] of manifest.chunks.entries()) {
          total += (await sizeOf(join(layout.object(ref), bodyName(i + 1, etag)))) ?? 0
        }
        return total
      }),

    empty: (upload, record) =>
      guarded(async () => {
        if (!(await record(upload.storeRef))) return undefined
        await rm(layout.upload(upload.storeRef), { recursive: true, force: true })
        return begin(upload)
      }),

    abort: (upload) =>
      guarded(async () => {
        await requireStore()
        await rm(layout.upload(upload.storeRef || upload.id), { recursive: true, force: true })
        await removeObject(upload.assetId)
      }),

    remove: (ref) =>
      guarded(async () => {
        await requireStore()
        await removeObject(ref)
      }),
    ping: () => guarded(() => access(layout.uploads, constants.W_OK)),
  }
}

/** Removes the bodies nobody proved, those that never arrived whole, and unfinished manifests. */
async function dropStrays(folder: string, manifest: Manifest): Promise<void> {
  const names = await readdir(folder)
  const present = new Set(names)
  const proven = new Set(manifest.chunks.map((etag, i) => bodyName(i + 1, etag)))
  for (const name of proven) {
    if (!present.has(name)) throw new Error(`proven chunk ${name} is missing in ${folder}`)
  }
  for (const name of names) {
    if (name !== MANIFEST && !proven.has(name)) await rm(join(folder, name), { force: true })
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}
