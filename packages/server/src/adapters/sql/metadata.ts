import { sql } from 'kysely'
import type { Metadata } from '../../core/ports.ts'
import { assetRecords } from './assets.ts'
import { changeRecords } from './changes.ts'
import type { Engine } from './engine.ts'
import { ingestRecords } from './ingests.ts'
import { keyRecords } from './keys.ts'
import { uploadRecords } from './uploads.ts'

/**
 * `Metadata` on one set of queries for every engine. Each method is one transaction, one statement,
 * or nothing but reads, so that an engine may repeat a method that failed as a whole.
 */
export function createSqlMetadata(engine: Engine): Metadata {
  const { db, skipsLocked } = engine
  const queries = {
    ...uploadRecords(engine),
    ...ingestRecords(engine),
    ...assetRecords(engine),
    ...changeRecords(engine),
    ...keyRecords(engine),
    async ping() {
      const one = db.selectFrom('apiKeys').select('id').limit(1)
      // Locks nothing, and yet a server that takes no writes refuses it, such as a standby.
      const asWriter = one.where(sql.lit(false)).forUpdate()
      await (skipsLocked ? asWriter : one).execute()
    },
  }
  return { ...running(queries, engine), close: () => db.destroy() }
}

/** Each method as the engine runs it. */
export function running<T extends object>(methods: T, { run }: Pick<Engine, 'run'>): T {
  const wrapped = Object.entries(methods).map(([name, method]) => [
    name,
    (...args: unknown[]) => run(async () => method(...args)),
  ])
  return Object.fromEntries(wrapped) as T
}
