import { createHash, randomBytes } from 'node:crypto'
import {
  appendFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { UploadError } from '../error.ts'
import {
  createJournal,
  type JournalEntry,
  type JournalEvent,
  type JournalKey,
  type JournalStore,
  replay,
} from '../upload/journal.ts'

/** Older journals are of uploads that are long over. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

/** Where programs keep what they remember between runs: XDG's state folder, or its like. */
export function stateFolder(env: Record<string, string | undefined>): string {
  // A relative one is to be ignored, says the XDG Base Directory Specification.
  if (env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME))
    return join(env.XDG_STATE_HOME, 'partway')
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'partway')
  return join(homedir(), '.local', 'state', 'partway')
}

/**
 * Journals as files of JSON lines in a folder, one for each upload, and a lock beside each that
 * names the process that has it open.
 */
export function fileJournals(folder: string): JournalStore {
  return {
    async open(key) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await forgetOld(folder)
      const path = join(folder, `${nameOf(key)}.jsonl`)
      const release = await lock(`${path}.lock`, key.name)
      try {
        const entry = await read(path)
        await endLastLine(path)
        const note = async (event: JournalEvent) => {
          const line = `${JSON.stringify(event)}\n`
          if (event.kind === 'start') await replace(path, line)
          else await appendFile(path, line, { mode: 0o600 })
        }
        return createJournal(entry, note, { forget: () => remove(path), close: release })
      } catch (error) {
        await release()
        throw error
      }
    },
  }
}

function nameOf({ server, account, name, size, modified, wishes }: JournalKey): string {
  const text = JSON.stringify([server, account, name, size, modified ?? null, wishes])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

async function read(path: string): Promise<JournalEntry | undefined> {
  let entry: JournalEntry | undefined
  for (const line of (await readFile(path, 'utf8').catch(() => '')).split('\n')) {
    try {
      entry = replay(entry, JSON.parse(line) as JournalEvent)
    } catch {
      // The last line may have been cut off by whatever ended the process.
    }
  }
  return entry
}

/** What is appended to a line that was cut off would be lost with it. */
async function endLastLine(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '\n')
  if (!text.endsWith('\n')) await appendFile(path, '\n')
}

async function replace(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, content, { mode: 0o600 })
  await rename(temporary, path)
}

const remove = (path: string) => unlink(path).catch(() => {})

/** Locks of this process. */
const held = new Set<string>()

/** How long a lock has to stand before it is believed, in milliseconds. */
const SETTLE_MS = 20
/**
 * How often whoever has a lock touches it, and after how long it is nobody's, in milliseconds: its
 * process may be gone, and its number another's by now.
 */
const TOUCH_MS = 10_000
const DEAD_MS = 60_000

/** @throws UploadError `upload_in_progress` when a living process has it */
async function lock(path: string, filename: string): Promise<() => Promise<void>> {
  const inProgress = (owner: string) =>
    new UploadError(`${filename} is being uploaded by another process${owner}.`, {
      code: 'upload_in_progress',
    })
  const mine = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`
  const content = `${process.pid} ${mine}`
  // Written first and then linked, so that nobody finds a lock that names nobody.
  await writeFile(mine, content, { mode: 0o600 })
  try {
    for (let tries = 0; tries < 5; tries++) {
      try {
        await link(mine, path)
        held.add(path)
        // Of two that found the same dead lock, one may remove what the other has just made.
        await setTimeout(SETTLE_MS)
        if ((await readFile(path, 'utf8').catch(() => '')) !== content) {
          held.delete(path)
          throw inProgress('')
        }
        const touching = setInterval(() => touch(path).catch(() => {}), TOUCH_MS).unref()
        return async () => {
          clearInterval(touching)
          held.delete(path)
          const current = await readFile(path, 'utf8').catch(() => '')
          if (current === content) await remove(path)
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const owner = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10)
      // Our own number from another life, as the first process of a container has it, is nobody's.
      const mineOnce = owner === process.pid && !held.has(path)
      if (isAlive(owner) && !mineOnce && (await isTouched(path))) throw inProgress(` (${owner})`)
      await remove(path)
    }
    throw inProgress('')
  } finally {
    await remove(mine)
  }
}

function touch(path: string): Promise<void> {
  const now = new Date()
  return utimes(path, now, now)
}

const isTouched = async (path: string): Promise<boolean> => {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
  return Date.now() - mtimeMs < DEAD_MS
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function forgetOld(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (!name.endsWith('.lock') && Date.now() - mtimeMs > MAX_AGE_MS) await remove(path)
  }
}
