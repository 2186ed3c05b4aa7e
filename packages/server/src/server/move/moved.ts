import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../adapters/fs/durable.ts'
import { absent, linesOf } from './journal.ts'

/** Ids of assets that have come to the target once. What is deleted there since is not to come again. */
export interface MovedAssets {
  has(id: string): boolean
  /** Resolves when it will be known after a power loss. */
  add(id: string): Promise<void>
}

interface Line {
  target: string
  id: string
}

/**
 * Reads the file `moved` in `folder`, one JSON object a line; kept when all is done, because the command
 * may be repeated at any time.
 *
 * @param target names store and database; what came to others does not count
 */
export async function openMoved(folder: string, target: string): Promise<MovedAssets> {
  const path = join(folder, 'moved')
  const ids = new Set<string>()
  const text = await readFile(path, 'utf8').catch(absent)
  for (const line of linesOf<Line>(text)) if (line.target === target) ids.add(line.id)
  let folderIsSynced = false

  return {
    has: (id) => ids.has(id),
    async add(id) {
      if (ids.has(id)) return
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const line: Line = { target, id }
      // A new line before it as well: what stands there may have been broken off.
      await appendFile(path, `\n${JSON.stringify(line)}\n`, { mode: 0o600, flush: true })
      if (!folderIsSynced) await syncFolder(folder)
      folderIsSynced = true
      ids.add(id)
    },
  }
}
