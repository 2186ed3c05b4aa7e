import { describe } from 'vitest'
import { openPostgresMetadata } from '../../src/adapters/sql/postgres.ts'
import { metadataContract } from '../contract/metadata.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'

describe.skipIf(skipsPostgres)(`the contract ${onPostgres}`, () => {
  metadataContract('PostgreSQL', async () => {
    const database = await createDatabase()
    const metadata = await openPostgresMetadata({ url: database.url, size: 10 })
    return {
      metadata,
      async close() {
        await metadata.close()
        await database[Symbol.asyncDispose]()
      },
    }
  })
})
