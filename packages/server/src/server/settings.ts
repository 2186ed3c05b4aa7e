import { resolve } from 'node:path'
import {
  atLeast,
  checkSigningKey,
  oneOf,
  parseDatabase,
  parseListen,
  parseMaxSize,
  parseOrigins,
  parseProxies,
  parsePublicUrl,
  parseRanges,
  timerFrom,
  wholeNumber,
} from './parsers.ts'
import { parseStoreUrl } from './store-url.ts'
import { parseDuration, parseSize } from './units.ts'

export interface Setting<T> {
  /** The environment variable. */
  variable: string
  /** The option of `partway serve`, where there is one. */
  option?: string
  /** As one would write it; `undefined`: not set. */
  default: string | undefined
  description: string
  /** Its value is never repeated in a message. */
  secret?: true
  /** @throws RangeError whose message completes "X must be …" */
  parse(text: string): T
}

const setting = <T>(s: Setting<T>): Setting<T> => s

/** Every setting, in the order of the documentation page that is made from this table. */
export const SETTINGS = {
  listen: setting({
    variable: 'PARTWAY_LISTEN',
    option: '--listen <host:port>',
    default: '127.0.0.1:4100',
    description: 'Address to listen on. Port 0 picks a free one.',
    parse: parseListen,
  }),
  data: setting({
    variable: 'PARTWAY_DATA',
    option: '--data <folder>',
    default: './data',
    description: 'Folder of the embedded database, the embedded store and the signing key.',
    parse: (text) => {
      if (text === '') throw new RangeError('a folder')
      return resolve(text)
    },
  }),
  database: setting({
    variable: 'PARTWAY_DATABASE_URL',
    secret: true,
    default: undefined,
    description:
      'Where metadata is kept: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` (15 is tested; for TLS `?sslmode=verify-full`, and `&sslrootcert=FILE` where the issuer is no public one), which any number of servers may share. Unset: `partway.db` in the data folder.',
    parse: parseDatabase,
  }),
  databasePool: setting({
    variable: 'PARTWAY_DATABASE_POOL',
    default: '10',
    description: 'Most connections of one server to PostgreSQL, 1 to 200.',
    parse: wholeNumber(1, 200),
  }),
  store: setting({
    variable: 'PARTWAY_STORE_URL',
    // Credentials have no place in it, but people put them there.
    secret: true,
    default: undefined,
    description:
      'Where bytes are kept: `file:PATH`, or `s3://BUCKET/PREFIX?region=…&endpoint=…&path_style=1&public_endpoint=…`, see [s3.md](s3.md). Unset: `store` in the data folder.',
    parse: parseStoreUrl,
  }),
  contentDelivery: setting({
    variable: 'PARTWAY_CONTENT_DELIVERY',
    default: 'redirect',
    description:
      'How content gets to readers: `redirect` sends them to the store where it can serve them, `stream` leads every byte through the server. A folder always streams.',
    parse: oneOf(['redirect', 'stream']),
  }),
  apiKey: setting({
    variable: 'PARTWAY_API_KEY',
    secret: true,
    option: '--api-key <key>',
    default: undefined,
    description:
      'A key for the account `default`, valid as long as it is set. Unset: keys come from `partway keys`, and the first start makes one.',
    parse: (text) => {
      if (!/^[\x21-\x7e]{8,200}$/.test(text)) {
        throw new RangeError('8 to 200 printable ASCII characters without spaces')
      }
      return text
    },
  }),
  signingKeys: setting({
    variable: 'PARTWAY_SIGNING_KEYS',
    secret: true,
    default: undefined,
    description:
      'Keys that sign URLs, separated by commas: the first signs, all verify. Unset: one is made and kept as `signing.key` in the data folder; with PostgreSQL they must be set, the same on every server.',
    parse: (text) => text.split(',').map((key) => checkSigningKey(key.trim())),
  }),
  publicUrl: setting({
    variable: 'PARTWAY_PUBLIC_URL',
    default: undefined,
    description:
      'The address clients reach the server at, such as `https://media.example.com`. Unset: the host of each request.',
    parse: parsePublicUrl,
  }),
  trustedProxies: setting({
    variable: 'PARTWAY_TRUSTED_PROXIES',
    default: '',
    description:
      'Addresses or ranges (CIDR), separated by commas, of proxies whose `X-Forwarded-*` headers count.',
    parse: parseProxies,
  }),
  corsOrigins: setting({
    variable: 'PARTWAY_CORS_ORIGINS',
    default: '',
    description:
      'Origins, separated by commas, of web pages that may upload and call the API; `*` for all.',
    parse: parseOrigins,
  }),
  maxVideoSize: setting({
    variable: 'PARTWAY_MAX_VIDEO_SIZE',
    default: '10GiB',
    description: 'Largest video, at most 5TiB.',
    parse: parseMaxSize,
  }),
  maxAudioSize: setting({
    variable: 'PARTWAY_MAX_AUDIO_SIZE',
    default: '10GiB',
    description: 'Largest audio file, at most 5TiB.',
    parse: parseMaxSize,
  }),
  maxImageSize: setting({
    variable: 'PARTWAY_MAX_IMAGE_SIZE',
    default: '32MiB',
    description: 'Largest image, at most 5TiB.',
    parse: parseMaxSize,
  }),
  maxDocumentSize: setting({
    variable: 'PARTWAY_MAX_DOCUMENT_SIZE',
    default: '512MiB',
    description: 'Largest document, at most 5TiB.',
    parse: parseMaxSize,
  }),
  importTimeoutMs: setting({
    variable: 'PARTWAY_IMPORT_TIMEOUT',
    default: '6h',
    description: 'How long fetching a URL may take, with all its interruptions.',
    parse: atLeast(1000),
  }),
  importRanges: setting({
    variable: 'PARTWAY_IMPORT_RANGES',
    default: '',
    description:
      'Addresses or ranges (CIDR), separated by commas, that URLs may be fetched from although they are not on the public internet, such as `10.1.0.0/16`.',
    parse: parseRanges,
  }),
  processes: setting({
    variable: 'PARTWAY_PROCESSES',
    default: '2',
    description: 'How many assets are processed at once, 1 to 64.',
    parse: wholeNumber(1, 64),
  }),
  processingTimeoutMs: setting({
    variable: 'PARTWAY_PROCESSING_TIMEOUT',
    default: '6h',
    description:
      'How long making an HLS stream may take. Looking at a file takes 10 minutes at most.',
    parse: timerFrom(1000),
  }),
  processingMemory: setting({
    variable: 'PARTWAY_PROCESSING_MEMORY',
    default: '2GiB',
    description:
      'Most memory for one run of a tool that reads media: address space of ffmpeg and ffprobe, heap of our own reader.',
    parse: parseSize,
  }),
  uploadTtlMs: setting({
    variable: 'PARTWAY_UPLOAD_TTL',
    default: '24h',
    description: 'How long an upload may take from its creation.',
    parse: atLeast(1000),
  }),
  urlTtlMs: setting({
    variable: 'PARTWAY_URL_TTL',
    default: '1h',
    description: 'How long a chunk URL works.',
    parse: atLeast(1000),
  }),
  contentUrlTtlMs: setting({
    variable: 'PARTWAY_CONTENT_URL_TTL',
    default: '24h',
    description: "How long the URL of an asset's content works.",
    parse: atLeast(1000),
  }),
  graceMs: setting({
    variable: 'PARTWAY_GRACE_PERIOD',
    default: '1h',
    description: 'How long bytes outlive a deleted asset or an ended upload before they are freed.',
    parse: parseDuration,
  }),
  retentionMs: setting({
    variable: 'PARTWAY_RETENTION',
    default: '7d',
    description: 'How long failed and expired uploads stay readable.',
    parse: parseDuration,
  }),
  sweepIntervalMs: setting({
    variable: 'PARTWAY_SWEEP_INTERVAL',
    default: '1m',
    description: 'How often expired uploads and deleted bytes are looked for.',
    parse: timerFrom(100),
  }),
  stallTimeoutMs: setting({
    variable: 'PARTWAY_STALL_TIMEOUT',
    default: '60s',
    description: 'How long a chunk body may make no progress before its connection is closed.',
    parse: timerFrom(100),
  }),
  drainTimeoutMs: setting({
    variable: 'PARTWAY_DRAIN_TIMEOUT',
    default: '30s',
    description:
      'How long requests and other work may take to finish when the server is told to stop.',
    parse: timerFrom(0),
  }),
  logLevel: setting({
    variable: 'PARTWAY_LOG_LEVEL',
    default: 'info',
    description: 'One of silent, error, warn, info, debug. Logs are JSON lines on standard error.',
    parse: oneOf(['silent', 'error', 'warn', 'info', 'debug']),
  }),
} as const
