import { createHash } from 'node:crypto'
import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { UploadedIds } from './events.ts'
import type { LocalFile } from './find.ts'

/** Without the URL, which runs out. */
export type FinishedIds = Omit<UploadedIds, 'url'>

/** Older ones are of commands that nobody repeats any more. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

/** What earlier runs of the same command have uploaded, so that repeating it sends only the rest. */
export interface Finished {
  find(file: LocalFile): FinishedIds | undefined
  add(file: LocalFile, uploaded: FinishedIds): Promise<void>
  /** It is to be uploaded again next time. */
  drop(file: LocalFile): Promise<void>
  /** All is done: the same command means new assets from now on. */
  forget(): Promise<void>
}

/** For runs that remember nothing. */
export const noneFinished: Finished = {
  find: () => undefined,
  add: async () => {},
  drop: async () => {},
  forget: async () => {},
}

interface Line {
  file: string
  size: number
  modified: number
  /** Absent: dropped. */
  uploaded?: FinishedIds
}

/**
 * A file of JSON lines in `folder`.
 *
 * @param command what makes it the same command: server, key, files, options
 */
export async function openFinished(folder: string, command: unknown): Promise<Finished> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await removeOld(folder)
  const name = createHash('sha256').update(JSON.stringify(command)).digest('hex').slice(0, 32)
  const path = join(folder, `${name}.jsonl`)
  const known = await read(path)

  async function note(line: Line): Promise<void> {
    known.set(line.file, line)
    // A line of its own also where the one before was cut off.
    await appendFile(path, `\n${JSON.stringify(line)}\n`, { mode: 0o600 })
  }

  return {
    find({ realPath, size, modified }) {
      const line = known.get(realPath)
      return line?.size === size && line.modified === modified ? line.uploaded : undefined
    },
    add: ({ realPath: file, size, modified }, uploaded) => note({ file, size, modified, uploaded }),
    drop: ({ realPath: file, size, modified }) => note({ file, size, modified }),
    forget: () => rm(path, { force: true }),
  }
}

async function read(path: string): Promise<Map<string, Line>> {
  const known = new Map<string, Line>()
  for (const text of (await readFile(path, 'utf8').catch(() => '')).split('\n')) {
    try {
      const line = JSON.parse(text) as Line
      known.set(line.file, line)
    } catch {
      // The last line may have been cut off by whatever ended the process.
    }
  }
  return known
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > MAX_AGE_MS) await rm(path, { force: true })
  }
}
