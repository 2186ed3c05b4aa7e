import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { createChunkUrls } from '../adapters/chunk-urls.ts'
import { createNewId, createSigner, secrets } from '../adapters/crypto/index.ts'
import { syncFolder } from '../adapters/fs/durable.ts'
import { openFileStore } from '../adapters/fs/store.ts'
import { createSniffer } from '../adapters/media/sniff.ts'
import { openSqliteMetadata } from '../adapters/sql/sqlite.ts'
import { createAssets } from '../core/assets.ts'
import { createCompleter } from '../core/complete.ts'
import { createSweeper } from '../core/expire.ts'
import { createKeys } from '../core/keys.ts'
import { createContentLinks } from '../core/links.ts'
import type {
  ChunkSink,
  ChunkStore,
  Clock,
  Media,
  Metadata,
  NewId,
  Secrets,
  Signer,
} from '../core/ports.ts'
import { createProcessor } from '../core/process.ts'
import { createUploads } from '../core/uploads.ts'
import { createApp } from '../http/app.ts'
import type { Config } from './config.ts'
import { loadSigningKey } from './signing-key.ts'
import { VERSION } from './version.ts'

// The composition root: the only file that knows every adapter.

export interface Ports {
  metadata: Metadata
  store: ChunkStore
  /** Present when chunk PUTs come to us. */
  sink: ChunkSink | undefined
  media: Media
  signer: Signer
  secrets: Secrets
  clock: Clock
  newId: NewId
}

/** The database alone, for commands that need no more. */
export async function openMetadata(config: Config): Promise<Metadata> {
  await mkdir(config.data, { recursive: true, mode: 0o700 })
  await mkdir(dirname(config.databasePath), { recursive: true })
  // What is acknowledged rests on the entry of this folder too.
  await syncFolder(dirname(config.data))
  return openSqliteMetadata(config.databasePath)
}

/** Every adapter the settings name, opened. */
export async function openPorts(config: Config): Promise<Ports> {
  const metadata = await openMetadata(config)
  const signer = createSigner(config.signingKeys ?? [await loadSigningKey(config.data)])
  const store = await openFileStore(config.storePath, createChunkUrls(signer))
  const clock = Date.now
  const newId = createNewId(clock)
  return { metadata, store, sink: store, media: createSniffer(), signer, secrets, clock, newId }
}

/** After this long without a result, processing is taken for dead. */
const PROCESSING_LEASE_MS = 5 * 60_000
const ABANDONED_MS = 60_000
const IDEMPOTENCY_TTL_MS = 24 * 3_600_000

/** The use cases over the ports, and the HTTP application over the use cases. */
export async function compose(
  config: Config,
  ports: Ports,
  logger: FastifyBaseLogger,
  onCompleted: () => void,
) {
  const { metadata, store, sink, media, signer, clock, newId } = ports
  const links = createContentLinks(signer, clock, config.contentUrlTtlMs)
  const completer = createCompleter({ metadata, store, clock, onCompleted })
  const keys = createKeys({ metadata, secrets: ports.secrets, clock, settingKey: config.apiKey })
  const uploads = createUploads({
    ...{ metadata, store, sink, completer, links, clock, newId },
    settings: {
      maxSize: {
        video: config.maxVideoSize,
        audio: config.maxAudioSize,
        image: config.maxImageSize,
      },
      uploadTtlMs: config.uploadTtlMs,
      urlTtlMs: config.urlTtlMs,
      idempotencyTtlMs: IDEMPOTENCY_TTL_MS,
    },
  })
  const assets = createAssets({ metadata, store, links, clock })
  const processor = createProcessor({ metadata, store, media, clock, leaseMs: PROCESSING_LEASE_MS })
  const sweeper = createSweeper({
    ...{ metadata, store, completer, clock },
    graceMs: config.graceMs,
    retentionMs: config.retentionMs,
    abandonedMs: ABANDONED_MS,
    onError: (err, subject) => logger.error({ err }, `could not ${subject}`),
  })
  const ping = () => Promise.all([metadata.ping(), store.ping()])
  const app = await createApp(
    { uploads, assets, keys, sink, clock, ping, logger },
    { ...config, version: VERSION },
  )
  return { app, keys, processor, sweeper }
}
