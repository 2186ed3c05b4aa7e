import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, join, matchesGlob, relative, sep } from 'node:path'
import { type AssetType, typeOfFilename } from '@partway/protocol'
import { UsageError } from '../exit.ts'
import { TYPES } from './options.ts'

export interface LocalFile {
  /** As it was given, or below the folder that was given. */
  path: string
  /** Without links: one file has one, whatever it is called by. */
  realPath: string
  /** What the asset is called. */
  name: string
  /** Bytes. */
  size: number
  /** Epoch milliseconds. */
  modified: number
  type: AssetType
}

export interface Found {
  files: LocalFile[]
  /** Files of folders that are not for us. */
  skipped: { path: string; reason: string }[]
  /** What should have been there, or should have been readable. */
  failed: { path: string; error: unknown }[]
}

export interface FindOptions {
  recursive?: boolean
  /** Of what is in folders: by its name, or with a slash, by its path in the folder. */
  glob?: string
  /** Of every file, whatever its name says. */
  type?: AssetType
}

/**
 * The files that are meant by `paths`, each once. Hidden ones in folders are passed over, links to
 * files are followed, links to folders are not: so there are no loops.
 *
 * @throws UsageError for what can never be uploaded although it was named
 */
export async function findFiles(paths: string[], options: FindOptions): Promise<Found> {
  const found: Found = { files: [], skipped: [], failed: [] }
  const seen = new Set<string>()
  // Last, so that what is a file and has a link to it goes by its own name.
  const links: string[] = []

  async function add(path: string, stats: Stats, named: boolean): Promise<void> {
    const realPath = await realpath(path)
    if (seen.has(realPath)) return
    seen.add(realPath)
    const name = basename(path)
    const type = options.type ?? typeOfFilename(name)
    if (type && stats.size > 0) {
      const { size, mtimeMs: modified } = stats
      found.files.push({ path, realPath, name, size, modified, type })
    } else if (named) throw new UsageError(type ? emptyError(path) : typeError(path))
    else {
      const reason = type ? 'it is empty.' : 'its type is not told by its name.'
      found.skipped.push({ path, reason })
    }
  }

  async function walk(root: string, folder: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
      found.failed.push({ path: folder, error })
      return []
    })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      if (entry.name.startsWith('.')) continue
      if (entry.isDirectory()) await walk(root, path)
      else if (!matches(relative(root, path), options.glob)) continue
      else if (entry.isSymbolicLink()) links.push(path)
      else await visit(path)
    }
  }

  /** A file of a folder, or a link. */
  async function visit(path: string): Promise<void> {
    try {
      const stats = await stat(path)
      if (stats.isFile()) await add(path, stats, false)
    } catch (error) {
      found.failed.push({ path, error })
    }
  }

  for (const path of paths) {
    const stats = await stat(path).catch((error) => {
      found.failed.push({ path, error })
      return undefined
    })
    if (stats?.isDirectory()) {
      if (!options.recursive)
        throw new UsageError(`${path} is a folder: give -r to upload its files.`)
      await walk(path, path)
    } else if (stats?.isFile()) await add(path, stats, true)
    else if (stats) throw new UsageError(`${path} is neither a file nor a folder.`)
  }
  for (const path of links) await visit(path)
  return found
}

function matches(path: string, glob: string | undefined): boolean {
  if (glob === undefined) return true
  const portable = path.split(sep).join('/')
  return matchesGlob(glob.includes('/') ? portable : basename(path), glob)
}

const emptyError = (path: string) => `${path} is empty; there is nothing to upload.`

const typeError = (path: string) =>
  `The type of ${path} is not told by its name: give --type ${TYPES.join('|')}.`
