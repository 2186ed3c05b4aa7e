import { randomBytes } from 'node:crypto'
import { access, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isFileName } from '../../core/files.ts'
import type { ChunkStore } from '../../core/ports.ts'
import { contentMissing } from '../object-errors.ts'
import { syncFolder, writeAll } from './durable.ts'
import { errnoOf, guarded } from './errors.ts'
import type { Layout } from './layout.ts'
import { readSlice } from './read.ts'

/** Keeps what was made from an object in a folder beside it. */
export function createDerivedFiles(
  layout: Layout,
): Pick<ChunkStore, 'putFile' | 'dropFile' | 'findFile'> {
  async function putFile(
    ref: string,
    name: string,
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const path = pathOf(ref, name)
    const folder = layout.filesOf(ref)
    await requireObject(ref)
    await mkdir(folder, { mode: 0o700, recursive: true })
    await dropUnfinished(folder, name)
    const temporary = `${path}.${randomBytes(8).toString('hex')}`
    const file = await open(temporary, 'wx', 0o600)
    try {
      for await (const piece of body) await writeAll(file, [piece])
      await file.datasync()
      await rename(temporary, path)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    } finally {
      await file.close()
    }
    await syncFolder(folder)
    await syncFolder(layout.files)
    // Once more, because it may have been freed since, and our folder been made after that.
    await requireObject(ref).catch(async (error) => {
      await rm(folder, { recursive: true, force: true })
      throw error
    })
  }

  /** Nothing for an object that was freed meanwhile: nobody would ever look here again. */
  async function requireObject(ref: string): Promise<void> {
    await access(layout.object(ref)).catch((error) => {
      throw errnoOf(error) === 'ENOENT' ? contentMissing(ref) : error
    })
  }

  /** What a process that died left of the same file. */
  async function dropUnfinished(folder: string, name: string): Promise<void> {
    for (const other of await readdir(folder)) {
      if (other.startsWith(`${name}.`)) await rm(join(folder, other), { force: true })
    }
  }

  function pathOf(ref: string, name: string): string {
    if (!isFileName(name)) throw new TypeError(`not a file name of ours: ${JSON.stringify(name)}`)
    return join(layout.filesOf(ref), name)
  }

  return {
    putFile: (ref, name, body) => guarded(() => putFile(ref, name, body)),
    dropFile: (ref, name) => guarded(() => rm(pathOf(ref, name), { force: true })),
    findFile: (ref, name) =>
      guarded(async () => {
        const path = pathOf(ref, name)
        try {
          const { size } = await stat(path)
          return {
            size,
            open: ({ start, end }) => readSlice(path, start, end - start + 1),
          }
        } catch (error) {
          if (errnoOf(error) === 'ENOENT') return undefined
          throw error
        }
      }),
  }
}
