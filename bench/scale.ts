import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { MAX_BATCH, planChunks } from '../packages/protocol/src/chunks.ts'
import { bodyName } from '../packages/server/src/adapters/fs/layout.ts'
import {
  type PostgresServer,
  startPostgres,
} from '../packages/server/test/support/postgres-server.ts'
import { benchFolder, benchRoot } from './support/cleanup.ts'
import { get, json, type Outgoing, type Sender, startSender } from './support/load.ts'
import { type Partway, startPartway } from './support/partway.ts'
import { median, type PartResult, percentile, progress } from './support/report.ts'
import { randomActiveId, storedId, storeInPostgres, storeInSqlite } from './support/stored.ts'

const STORED = [100_000, 1_000_000] as const
const DATABASES = ['SQLite', 'PostgreSQL'] as const
const SERVERS = [1, 2] as const
const ROUNDS = 9
/** Connections, over all servers. */
const CONNECTIONS = 8
/** How much the slowest hundredth of requests may take longer with ten times the uploads. */
const GROWTH = 1.25
const MiB = 2 ** 20

type Stored = (typeof STORED)[number]
type Database = (typeof DATABASES)[number]
type Call = 'create' | 'presign 50' | 'report 50' | 'status'
const CALLS: readonly Call[] = ['create', 'presign 50', 'report 50', 'status']
/** Requests of a round. */
const COUNTS: Record<Call, number> = {
  ...{ create: 600, 'presign 50': 600, 'report 50': 200, status: 600 },
}

/** What one call took: calls a second, and milliseconds. */
interface Round {
  rate: number
  p50: number
  p99: number
}

/** Servers over one database with so many uploads in it. */
interface Installation {
  stored: Stored
  servers: Partway[]
}

/** What the JSON calls take when there is little stored, and when there is a lot. */
export async function scale(): Promise<PartResult> {
  await using folder = await benchFolder()
  await using first = startSender()
  await using second = startSender()
  const senders = [first, second]
  const figures = new Map<string, Round[]>()
  await using postgres = await startPostgres({ durable: true, below: (await benchRoot()).path })

  for (const database of DATABASES) {
    await using stack = new AsyncDisposableStack()
    const installations: Installation[] = []
    for (const stored of STORED) {
      progress(`scale: ${database}, storing ${stored} uploads`)
      installations.push(await install(database, stored, folder.path, postgres, stack))
    }
    for (const servers of SERVERS) {
      // The first one warms up.
      for (let round = 0; round <= ROUNDS; round++) {
        progress(`scale: ${database}, ${servers} of 2 servers, round ${round} of ${ROUNDS}`)
        // Nobody always comes first.
        if (round % 2) installations.reverse()
        for (const installation of installations) {
          const used = { ...installation, servers: installation.servers.slice(0, servers) }
          for (const call of CALLS) {
            const measured = await measure(call, used, senders)
            if (round === 0) continue
            const key = [database, servers, installation.stored, call].join()
            figures.set(key, [...(figures.get(key) ?? []), measured])
          }
        }
      }
    }
  }

  const cases = DATABASES.flatMap((database) =>
    SERVERS.flatMap((servers) =>
      CALLS.map((call) => {
        const [small, large] = STORED.map(
          (stored) => figures.get([database, servers, stored, call].join())!,
        )
        const growth = median(large!.map(({ p99 }, i) => p99 / small![i]!.p99))
        return { ...{ database, servers, call, growth }, sizes: [small!, large!] }
      }),
    ),
  )
  return {
    title: 'scale: what is stored, and how many servers',
    method: `JSON calls over ${CONNECTIONS} connections to one server, or to two over the same database, with ${STORED.map(thousands).join(' and ')} uploads in it (one account's, each with its asset and chunks; 97 % completed), inserted directly. The installations take turns in ${ROUNDS} rounds after one to warm up, and wait while another is measured; figures are medians of the rounds, and the ratio is the median of those within a round. Servers, database and load share the machine's cores. PostgreSQL with fsync. \`status\` and \`presign 50\` ask about random stored uploads, the latter about active ones. A report is of 50 chunks that were put where PUTs leave them.`,
    header: [
      ...['database', 'servers', 'call'],
      ...STORED.flatMap((stored) => [`calls/s at ${thousands(stored)}`, 'p50', 'p99']),
      'p99, ratio',
    ],
    rows: cases.map(({ database, servers, call, growth, sizes }) => [
      ...[database, `${servers}`, call],
      ...sizes.flatMap((rounds) => [
        thousands(median(rounds.map(({ rate }) => rate))),
        ms(median(rounds.map(({ p50 }) => p50))),
        ms(median(rounds.map(({ p99 }) => p99))),
      ]),
      `${growth.toFixed(2)}x`,
    ]),
    targets: cases.map(({ database, servers, call, growth }) => ({
      what: `p99 of ${call}, ${database}, ${servers} ${servers === 1 ? 'server' : 'servers'}: ten times the uploads`,
      ...{ target: `<= ${GROWTH}x`, measured: `${growth.toFixed(2)}x`, met: growth <= GROWTH },
    })),
  }
}

/** Two servers over a database with `stored` uploads. */
async function install(
  database: Database,
  stored: Stored,
  folder: string,
  postgres: PostgresServer,
  stack: AsyncDisposableStack,
): Promise<Installation> {
  const data = join(folder, `${database}-${stored}`)
  const env: Record<string, string> = { PARTWAY_SIGNING_KEYS: 'k'.repeat(32) }
  if (database === 'PostgreSQL') env.PARTWAY_DATABASE_URL = await createDatabase(postgres, stored)
  env.PARTWAY_STORE_URL = `file:${join(data, 'store')}`
  const server = stack.use(await startPartway(data, env))
  const other = stack.use(await startPartway(data, env, server.apiKey))
  if (database === 'PostgreSQL') await storeInPostgres(env.PARTWAY_DATABASE_URL!, stored)
  else storeInSqlite(join(data, 'partway.db'), stored)
  // What the servers have to say to so much at once is over then.
  await setTimeout(2000)
  return { stored, servers: [server, other] }
}

async function createDatabase({ url }: PostgresServer, stored: Stored): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create database bench_${stored}`)
  await client.end()
  return url.replace(/\/postgres$/, `/bench_${stored}`)
}

async function measure(
  call: Call,
  { servers, stored }: Installation,
  senders: Sender[],
): Promise<Round> {
  const each = COUNTS[call] / servers.length
  const requests = await Promise.all(
    servers.map((server) => requestsOf(call, server, stored, each)),
  )
  const began = performance.now()
  const results = await Promise.all(
    servers.map((server, i) =>
      senders[i]!.send(server.url, requests[i]!, { streams: CONNECTIONS / servers.length }),
    ),
  )
  const seconds = (performance.now() - began) / 1000
  const latencies = results.flatMap((result) => result.latencies)
  return {
    rate: COUNTS[call] / seconds,
    ...{ p50: median(latencies), p99: percentile(latencies, 0.99) },
  }
}

async function requestsOf(
  call: Call,
  server: Partway,
  stored: Stored,
  count: number,
): Promise<Outgoing[]> {
  const key = { 'x-api-key': server.apiKey }
  const numbers = Array.from({ length: count }, () => 1 + Math.floor(Math.random() * stored))
  const uploads = server.uploadUrl('').replace(/\/$/, '')
  const request = { filename: 'bench.mp4', type: 'video', total_size: 100 * MiB }
  if (call === 'create') return numbers.map(() => json('POST', uploads, request, key))
  if (call === 'status') {
    return numbers.map((n) => get(`${server.uploadUrl(storedId(n))}?page_limit=${MAX_BATCH}`, key))
  }
  if (call === 'presign 50') {
    const asked = { start: 1, count: MAX_BATCH }
    return numbers.map(() => {
      const url = `${server.uploadUrl(randomActiveId(stored))}/presigned-urls`
      return json('POST', url, asked, key)
    })
  }
  const reports: Outgoing[] = []
  for (let i = 0; i < count; i++) {
    const { upload_id: id } = await server.create(500 * MiB)
    reports.push(
      json('POST', server.uploadUrl(id), { completed_chunks: putChunks(server, id) }, key),
    )
  }
  return reports
}

/** Half of the chunks of an upload, where PUTs leave them; sparse. */
function putChunks({ layout }: Partway, id: string) {
  const { chunkSize } = planChunks(500 * MiB)
  return Array.from({ length: MAX_BATCH }, (_, i) => {
    const proof = (i + 1).toString(16).padStart(64, '0')
    const file = openSync(join(layout.upload(id), bodyName(i + 1, proof)), 'wx')
    ftruncateSync(file, chunkSize)
    closeSync(file)
    return { chunk_index: i + 1, chunk_size: chunkSize, proof, proof_type: 'etag' }
  })
}

const thousands = (value: number) => Math.round(value).toLocaleString('en')
const ms = (value: number) => `${value.toFixed(1)} ms`
