import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

/** What differs between the engines, as data. */
export interface Engine {
  db: Kysely<Database>
  /**
   * Knows `for update skip locked`: whoever looks for work passes over the rows that others hold.
   * SQLite has one writer at a time, and nothing to pass over.
   */
  skipsLocked: boolean
  /**
   * Runs one method of `Metadata`, repeats it where that is certain to change nothing twice, and
   * throws what its errors mean to a caller.
   */
  run<T>(method: () => Promise<T>): Promise<T>
}
