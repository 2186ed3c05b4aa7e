import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createPool } from '../../src/adapters/sql/postgres-pool.ts'
import { createDatabase, onPostgres, skipsPostgres } from '../support/postgres.ts'

const MINUTE = 60_000

describe.skipIf(skipsPostgres)(`a connection ${onPostgres}`, () => {
  it('is kept for minutes after its last use, and then given back', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await using database = await createDatabase()
    const pool = createPool({ url: database.url, size: 1 })
    onTestFinished(() => pool.end())
    const session = async () => {
      const client = await pool.connect()
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid', [])
      client.release()
      return rows[0]!.pid
    }
    const first = await session()

    vi.advanceTimersByTime(4 * MINUTE)
    expect(await session()).toBe(first)

    vi.advanceTimersByTime(6 * MINUTE)
    expect(await session()).not.toBe(first)
  })
})
