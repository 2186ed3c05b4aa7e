import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

/** Stored uploads have so many chunks each. */
const STORED_CHUNKS = 4
/** Active ones so many, to ask URLs for; three of them are reported. */
const ACTIVE_CHUNKS = 100
const CHUNK = 5 * 2 ** 20
/** In a hundred stored uploads so many are not completed: one each active, failed and expired. */
const PERIOD = 100

/** The id of stored upload `n`, from 1. Its asset's begins with another letter. */
export const storedId = (n: number): string => `0${n.toString(16).padStart(23, '0')}`

/** The id of a random active one of `stored` uploads. */
export const randomActiveId = (stored: number): string =>
  storedId(PERIOD * (1 + Math.floor((Math.random() * stored) / PERIOD)))

const state = `case n % ${PERIOD} when 0 then 'active' when 1 then 'failed' when 2 then 'expired' else 'completed' end`
const planned = `case when n % ${PERIOD} = 0 then ${ACTIVE_CHUNKS} else ${STORED_CHUNKS} end`
const chunksOf = `case when n % ${PERIOD} in (0, 1, 2) then ${STORED_CHUNKS - 1} else ${STORED_CHUNKS} end`

/** Uploads of a past day, as they stand in the tables after real ones: one account's, newest last. */
function statements(numbers: string, hex: string, now: number): string[] {
  const created = `${now} - 3600000 + n`
  return [
    `insert into uploads (id, account, asset_id, method, filename, type, total_size, chunk_size,
       total_chunks, store_ref, state, chunks_completed, uploaded_size, created_at, updated_at,
       expires_at, freed)
     select '0' || ${hex}, 'default', '1' || ${hex}, 'multipart', 'film-' || n || '.mp4', 'video',
       ${CHUNK} * (${planned}), ${CHUNK}, ${planned}, '0' || ${hex}, ${state}, ${chunksOf},
       ${CHUNK} * (${chunksOf}), ${created}, ${created}, ${now} + 86400000, 1
     from ${numbers}`,
    `insert into assets (id, account, method, filename, search_name, type, state, size, mime_type,
       object_ref, object_etag, created_at, waiting)
     select '1' || ${hex}, 'default', 'multipart', 'film-' || n || '.mp4', 'film-' || n || '.mp4',
       'video', case ${state} when 'completed' then 'ready' when 'active' then 'processing'
       else 'failed' end, ${CHUNK} * (${planned}), 'video/mp4',
       case ${state} when 'completed' then '1' || ${hex} end,
       case ${state} when 'completed' then ${hex} || '-${STORED_CHUNKS}' end, ${created}, 0
     from ${numbers}`,
    `insert into chunks (upload_id, "index", etag, size, reported_at)
     select '0' || ${hex}, i, ${hex} || ${hex} || '000000000000000000', ${CHUNK}, ${created}
     from ${numbers} cross join (select 1 as i union all select 2 union all select 3
       union all select 4) as indexes where i <= ${chunksOf}`,
  ]
}

/** Puts `count` uploads with their assets and chunks straight into an SQLite file. */
export function storeInSqlite(path: string, count: number): void {
  const database = new DatabaseSync(path, { timeout: 60_000 })
  const numbers = `(with recursive counter(n) as (select 1 union all select n + 1 from counter
    where n < ${count}) select n from counter)`
  try {
    database.exec('pragma synchronous = off; pragma cache_size = -500000')
    for (const statement of statements(numbers, `printf('%023x', n)`, Date.now())) {
      database.exec(statement)
    }
    database.exec('pragma wal_checkpoint(truncate)')
  } finally {
    database.close()
  }
}

/** The same in PostgreSQL, with the statistics that its autovacuum would make in time. */
export async function storeInPostgres(url: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const numbers = `generate_series(1, ${count}) as numbers(n)`
    const hex = `lpad(to_hex(n), 23, '0')`
    for (const statement of statements(numbers, hex, Date.now())) await client.query(statement)
    await client.query('vacuum analyze')
    await client.query('checkpoint')
  } finally {
    await client.end()
  }
}
