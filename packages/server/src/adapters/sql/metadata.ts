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
  const { db } = engine
  const queries = {
    ...uploadRecords(engine),
    ...ingestRecords(engine),
    ...assetRecords(engine),
    ...changeRecords(engine),
    ...keyRecords(engine),
    async ping() {
      await db.selectFrom('apiKeys').select('id').limit(1).execute()
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
