import { UploadError } from '../error.ts'
import {
  createJournal,
  type Journal,
  type JournalEntry,
  type JournalEvent,
  type JournalKey,
  type JournalStore,
  replay,
} from '../upload/journal.ts'

const DATABASE = 'partway-client'
const EVENTS = 'events'
/** Older journals are of uploads that are long over. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

type Row = { key: string; at: number; event: JournalEvent }

/** Journals in IndexedDB, locked between tabs by the Web Locks API where there is one. */
export function indexedDbJournals(): JournalStore {
  return {
    async open(key) {
      const name = nameOf(key)
      const release = await lock(`partway:${name}`, key.name)
      try {
        const database = await openDatabase().catch(() => undefined)
        if (!database) return forgetful(release)
        await forgetOld(database)
        const entry = await read(database, name)
        const note = async (event: JournalEvent) => {
          if (event.kind === 'start') await remove(database, name)
          await request(writing(database).add({ key: name, at: Date.now(), event } satisfies Row))
        }
        return createJournal(entry, note, {
          forget: () => remove(database, name),
          async close() {
            database.close()
            release()
          },
        })
      } catch (error) {
        release()
        throw error
      }
    },
  }
}

/** Where a page may keep nothing, an upload cannot be resumed; but it can be made. */
const forgetful = (release: () => void): Journal =>
  createJournal(undefined, async () => {}, { forget: async () => {}, close: async () => release() })

const nameOf = ({ server, account, name, size, modified, wishes }: JournalKey) =>
  JSON.stringify([server, account, name, size, modified ?? null, wishes])

/** How long browsers may take to notice that a page is gone, in milliseconds. */
const LOCK_WAIT_MS = 3000

/** @throws UploadError `upload_in_progress` when another tab has it */
function lock(name: string, filename: string): Promise<() => void> {
  const { locks } = globalThis.navigator ?? {}
  if (!locks) return Promise.resolve(() => {})
  return new Promise((resolve, reject) => {
    locks
      .request(name, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, () => {
        return new Promise<void>((release) => resolve(release))
      })
      .catch((cause) => {
        const message = `${filename} is being uploaded in another tab.`
        reject(new UploadError(message, { code: 'upload_in_progress', cause }))
      })
  })
}

async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => {
    const events = opening.result.createObjectStore(EVENTS, { autoIncrement: true })
    events.createIndex('key', 'key')
    events.createIndex('at', 'at')
  }
  return request(opening)
}

const writing = (database: IDBDatabase) =>
  database.transaction(EVENTS, 'readwrite').objectStore(EVENTS)

async function read(database: IDBDatabase, name: string): Promise<JournalEntry | undefined> {
  const index = database.transaction(EVENTS).objectStore(EVENTS).index('key')
  const rows = (await request(index.getAll(name))) as Row[]
  let entry: JournalEntry | undefined
  for (const { event } of rows) entry = replay(entry, event)
  return entry
}

const remove = (database: IDBDatabase, name: string) =>
  removeRange(writing(database).index('key'), IDBKeyRange.only(name))

const forgetOld = (database: IDBDatabase) =>
  removeRange(writing(database).index('at'), IDBKeyRange.upperBound(Date.now() - MAX_AGE_MS))

function removeRange(index: IDBIndex, range: IDBKeyRange): Promise<void> {
  return new Promise((resolve, reject) => {
    const cursor = index.openCursor(range)
    cursor.onerror = () => reject(cursor.error)
    cursor.onsuccess = () => {
      if (!cursor.result) return resolve()
      cursor.result.delete()
      cursor.result.continue()
    }
  })
}

function request<T>(pending: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result)
    pending.onerror = () => reject(pending.error)
  })
}
