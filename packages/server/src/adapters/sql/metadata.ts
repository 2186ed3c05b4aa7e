import type { Kysely } from 'kysely'
import type { Metadata } from '../../core/ports.ts'
import { assetRecords } from './assets.ts'
import { ingestRecords } from './ingests.ts'
import { keyRecords } from './keys.ts'
import type { Database } from './schema.ts'
import { uploadRecords } from './uploads.ts'

/** What differs between the engines, as data. */
export interface Engine {
  db: Kysely<Database>
  /** What an error of the engine means to a caller. */
  translate(error: unknown): unknown
}

/** `Metadata` on one set of queries for every engine. */
export function createSqlMetadata({ db, translate }: Engine): Metadata {
  const queries = {
    ...uploadRecords(db),
    ...ingestRecords(db),
    ...assetRecords(db),
    ...keyRecords(db),
    async ping() {
      await db.selectFrom('apiKeys').select('id').limit(1).execute()
    },
    close: () => db.destroy(),
  } satisfies Metadata
  return translated(queries, translate)
}

/** The same methods, with every error they throw translated. */
function translated<T extends object>(methods: T, translate: (error: unknown) => unknown): T {
  const wrapped = Object.entries(methods).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await method(...args)
      } catch (error) {
        throw translate(error)
      }
    },
  ])
  return Object.fromEntries(wrapped) as T
}
