import { type Unfinished, unfinishedId } from '../lib/unfinished.ts'

/** As it is kept; the handle gives the file back without choosing it again. */
export interface UnfinishedRecord extends Unfinished {
  id: string
  handle?: FileSystemFileHandle
}

const DATABASE = 'partway-console'
const STORE = 'unfinished'
/** The server keeps no upload longer. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

/** Files whose upload was begun in this browser. Where nothing may be kept, nothing is found. */
export async function loadRecords(): Promise<UnfinishedRecord[]> {
  const all = await run<UnfinishedRecord[]>('readonly', (store) => store.getAll())
  const kept: UnfinishedRecord[] = []
  for (const record of all ?? []) {
    if (Date.now() - record.at > MAX_AGE_MS) await dropRecord(record.id)
    else kept.push(record)
  }
  return kept.sort((a, b) => b.at - a.at)
}

export async function keepRecord(
  unfinished: Unfinished,
  handle: FileSystemFileHandle | undefined,
): Promise<void> {
  const record = { ...unfinished, id: unfinishedId(unfinished), ...(handle ? { handle } : {}) }
  await run('readwrite', (store) => store.put(record))
}

export async function dropRecord(id: string): Promise<void> {
  await run('readwrite', (store) => store.delete(id))
}

async function run<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  let database: IDBDatabase | undefined
  try {
    const opening = indexedDB.open(DATABASE, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' })
    database = await settled(opening)
    return await settled(act(database.transaction(STORE, mode).objectStore(STORE)))
  } catch {
    return undefined
  } finally {
    database?.close()
  }
}

function settled<T>(pending: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    pending.onsuccess = () => resolve(pending.result)
    pending.onerror = () => reject(pending.error)
  })
}
