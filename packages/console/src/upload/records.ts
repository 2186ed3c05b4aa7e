import { signal } from '@preact/signals'
import type { Unfinished } from '../lib/unfinished.ts'

/** As it is kept; the handle gives the file back without choosing it again. */
export interface UnfinishedRecord extends Unfinished {
  /** Of the upload: no two accounts share one. */
  id: string
  handle?: FileSystemFileHandle
}

/** As of the last look, with what this tab did since; the latest first. */
export const records = signal<readonly UnfinishedRecord[]>([])

const DATABASE = 'partway-console'
const STORE = 'unfinished'
/** The server keeps no upload longer. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

/** Files whose upload was begun in this browser. Where nothing may be kept, nothing is found. */
export async function loadRecords(): Promise<readonly UnfinishedRecord[]> {
  let all: UnfinishedRecord[]
  let seen: typeof written
  do {
    seen = written
    await seen
    all = (await run('readonly', (store) => store.getAll())) ?? []
  } while (seen !== written)
  records.value = all.sort((a, b) => b.at - a.at)
  for (const { id, at } of all) if (Date.now() - at > MAX_AGE_MS) await dropRecord(id)
  return records.value
}

/** One that is gone on with was begun when it was begun. */
export async function keepRecord(
  unfinished: Omit<Unfinished, 'at'>,
  handle: FileSystemFileHandle | undefined,
): Promise<void> {
  const before = records.peek().find(({ id }) => id === unfinished.uploadId)
  const record = {
    ...{ ...before, ...unfinished, id: unfinished.uploadId, at: before?.at ?? Date.now() },
    ...(handle ? { handle } : {}),
  }
  records.value = [record, ...without(record.id)]
  await write((store) => store.put(record))
}

export async function dropRecord(id: string): Promise<void> {
  records.value = without(id)
  await write((store) => store.delete(id))
}

const without = (id: string) => records.peek().filter((each) => each.id !== id)

/** The last of what was written: what was read before it is out of date. */
let written: Promise<unknown> = Promise.resolve()

function write(act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  written = written.then(() => run('readwrite', act))
  return written
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
