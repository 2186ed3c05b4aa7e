import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { createChunkUrls } from '../adapters/chunk-urls.ts'
import { createNewId, createSigner, secrets } from '../adapters/crypto/index.ts'
import { syncFolder } from '../adapters/fs/durable.ts'
import { openFileStore } from '../adapters/fs/store.ts'
import { createMedia } from '../adapters/media/index.ts'
import type { Migrations } from '../adapters/sql/migrate.ts'
import { migratePostgres, openPostgresMetadata } from '../adapters/sql/postgres.ts'
import { migrateSqlite, openSqliteMetadata } from '../adapters/sql/sqlite.ts'
import { createWeb } from '../adapters/web/index.ts'
import { createAssets } from '../core/assets.ts'
import { createCompleter } from '../core/complete.ts'
import { createDirect } from '../core/direct.ts'
import { createEvents } from '../core/events.ts'
import { createSweeper } from '../core/expire.ts'
import { createImports } from '../core/import.ts'
import { createIngest } from '../core/ingest.ts'
import { createKeys } from '../core/keys.ts'
import { createContentLinks } from '../core/links.ts'
import type {
  ChunkSink,
  ChunkStore,
  Clock,
  Every,
  Media,
  Metadata,
  NewId,
  Secrets,
  Signer,
  Web,
} from '../core/ports.ts'
import { createProcessor } from '../core/process.ts'
import { createUploads } from '../core/uploads.ts'
import { createApp } from '../http/app.ts'
import type { Config } from './config.ts'
import { every } from './loops.ts'
import { createReadiness } from './readiness.ts'
import { checkSharedKeys, loadSigningKey } from './signing-key.ts'
import type { StoreConfig } from './store-url.ts'
import { VERSION } from './version.ts'

// The composition root: the only file that knows every adapter; `doctor/` knows their probes.

export interface Ports {
  metadata: Metadata
  store: ChunkStore
  /** Present when chunk PUTs come to us. */
  sink: ChunkSink | undefined
  media: Media
  web: Web
  signer: Signer
  secrets: Secrets
  clock: Clock
  every: Every
  newId: NewId
}

/** The database alone, for commands that need no more. */
export async function openMetadata(config: Config): Promise<Metadata> {
  const { database, databasePool: size } = config
  if (database.kind === 'postgres') return openPostgresMetadata({ url: database.url, size })
  await makeSqliteFolders(config, database.path)
  return openSqliteMetadata(database.path)
}

/** Brings the database to the current schema; with `dryRun` it only looks. */
export async function migrateDatabase(config: Config, dryRun: boolean): Promise<Migrations> {
  const { database } = config
  if (database.kind === 'postgres') return migratePostgres({ url: database.url, size: 1 }, dryRun)
  if (!dryRun) await makeSqliteFolders(config, database.path)
  return migrateSqlite(database.path, dryRun)
}

async function makeSqliteFolders(config: Config, databasePath: string): Promise<void> {
  await makeDataFolder(config)
  await mkdir(dirname(databasePath), { recursive: true })
}

async function makeDataFolder({ data }: Config): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o700 })
  // What is acknowledged rests on the entry of this folder too.
  await syncFolder(dirname(data))
}

/** Every adapter the settings name, opened. */
export async function openPorts(config: Config): Promise<Ports> {
  checkSharedKeys(config)
  const metadata = await openMetadata(config)
  if (usesDataFolder(config)) await makeDataFolder(config)
  const signer = createSigner(config.signingKeys ?? [await loadSigningKey(config.data)])
  const clock = Date.now
  return {
    ...{ metadata, signer, secrets, clock, every, newId: createNewId(clock) },
    ...(await openStore(config.store, signer, clock)),
    media: createMedia({
      toolPath: config.toolPath,
      limits: { timeoutMs: config.processingTimeoutMs, memory: config.processingMemory },
    }),
    web: createWeb({ allowed: config.importRanges }),
  }
}

/** A server whose database, store and keys are elsewhere needs no folder. */
function usesDataFolder({ data, store, signingKeys }: Config): boolean {
  return signingKeys === undefined || (store.kind === 'file' && dirname(store.path) === data)
}

/** How long a start waits for a store. */
const FIRST_ANSWER_MS = 1000

async function openStore(
  config: StoreConfig,
  signer: Signer,
  clock: Clock,
): Promise<Pick<Ports, 'store' | 'sink'>> {
  if (config.kind === 's3') {
    // Only where it is used: to load the SDK takes an eighth of a second and 32 MiB.
    const { openS3Store } = await import('../adapters/s3/store.ts')
    const store = openS3Store({ ...config, clock })
    // What time it is at the store is known from its answers, and the first thing asked of us may be
    // to sign a URL. A store that is away or hangs makes us start all the same: we are not ready until it is back.
    await createReadiness(store.ping, FIRST_ANSWER_MS)().catch(() => {})
    return { store, sink: undefined }
  }
  const store = await openFileStore(config.path, createChunkUrls(signer))
  return { store, sink: store }
}

/** After this long without a sign of life, whoever leased an asset or an import is taken for dead. */
const LEASE_MS = 15_000
/** How much longer the URL that tools read from lives than they may run. */
const SOURCE_URL_MARGIN_MS = 3_600_000
const ABANDONED_MS = 60_000
/** Whoever asks whether we are ready waits no longer: load balancers give up after about five seconds. */
const READY_MS = 3000
const IDEMPOTENCY_TTL_MS = 24 * 3_600_000

export interface Hooks {
  /** Told when an asset is waiting to be processed. */
  onCompleted: () => void
  /** Told when a URL is waiting to be fetched. */
  onImport: () => void
  /** Where this server can be reached from its own machine. */
  ownOrigin: () => string
  /** Where the build has put the console. */
  consoleFolder: string
}

/** The use cases over the ports, and the HTTP application over the use cases. */
export async function compose(
  config: Config,
  ports: Ports,
  logger: FastifyBaseLogger,
  { onCompleted, onImport, ownOrigin, consoleFolder }: Hooks,
) {
  const { metadata, store, sink, media, web, signer, clock, every, newId } = ports
  const links = createContentLinks(signer, clock, config.contentUrlTtlMs)
  const completer = createCompleter({ metadata, store, clock, onCompleted })
  const keys = createKeys({ metadata, secrets: ports.secrets, clock, settingKey: config.apiKey })
  const maxSize = {
    video: config.maxVideoSize,
    audio: config.maxAudioSize,
    image: config.maxImageSize,
    document: config.maxDocumentSize,
  }
  const onError = (err: unknown, subject: string) => logger.error({ err }, `could not ${subject}`)
  const uploads = createUploads({
    ...{ metadata, store, sink, completer, links, clock, newId },
    settings: {
      maxSize,
      uploadTtlMs: config.uploadTtlMs,
      urlTtlMs: config.urlTtlMs,
      idempotencyTtlMs: IDEMPOTENCY_TTL_MS,
    },
  })
  const redirect = config.contentDelivery === 'redirect'
  const assets = createAssets({ metadata, store, links, clock, redirect })
  const ingestDeps = { metadata, store, clock, newId, maxSize }
  const direct = createDirect({
    ...{ metadata, media, completer, clock },
    ingest: createIngest({ ...ingestDeps, ttlMs: config.uploadTtlMs }),
  })
  const imports = createImports({
    ...{ metadata, media, web, completer, clock, every, leaseMs: LEASE_MS, onError },
    ingest: createIngest({ ...ingestDeps, ttlMs: config.importTimeoutMs }),
    onCreated: onImport,
  })
  const sources = createContentLinks(
    signer,
    clock,
    config.processingTimeoutMs + SOURCE_URL_MARGIN_MS,
  )
  const processor = createProcessor({
    ...{ metadata, store, media, clock, every, leaseMs: LEASE_MS, onError },
    sourceUrl: (assetId) => sources.streamUrl(assetId, ownOrigin()),
  })
  const sweeper = createSweeper({
    ...{ metadata, store, completer, clock },
    graceMs: config.graceMs,
    retentionMs: config.retentionMs,
    abandonedMs: ABANDONED_MS,
    onError,
  })
  const events = createEvents({
    ...{ metadata, clock, every, onError, graceMs: config.graceMs },
    authenticate: keys.authenticate,
  })
  const ping = createReadiness(() => Promise.all([metadata.ping(), store.ping()]), READY_MS)
  const origins = [store.origin, config.publicUrl].flatMap((url) =>
    url ? new URL(url).origin : [],
  )
  const app = await createApp(
    {
      ...{ uploads, assets, direct, imports, events, keys, sink, clock, ping, logger },
      maxSize: Math.max(...Object.values(maxSize)),
    },
    {
      ...{ ...config, version: VERSION },
      console: { folder: consoleFolder, origins },
    },
  )
  return { app, keys, processor, imports, sweeper }
}
