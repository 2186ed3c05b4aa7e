import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { openFileSource } from '../../adapters/fs/source.ts'
import type { CopyTarget } from '../../adapters/sql/copy.ts'
import { migratePostgres, openPostgresCopy } from '../../adapters/sql/postgres.ts'
import { openSqliteCopy } from '../../adapters/sql/sqlite.ts'
import type { ChunkStore } from '../../core/ports.ts'
import { type Config, ConfigError } from '../config.ts'
import { schemePath } from '../parsers.ts'
import { checkSharedKeys } from '../signing-key.ts'
import type { S3StoreConfig } from '../store-url.ts'
import { createJournals, type Journals } from './journal.ts'
import { type MovedAssets, openMoved } from './moved.ts'

/** Where an embedded installation is. */
export interface SourcePaths {
  /** Its data folder. */
  data: string
  database: string
  store: string
}

/** @throws ConfigError */
export function sourcePaths(options: {
  from: string
  fromDatabase?: string | undefined
  fromStore?: string | undefined
}): SourcePaths {
  const data = resolve(options.from)
  const parse = (option: string, scheme: string, text: string | undefined, fallback: string) => {
    if (text === undefined) return join(data, fallback)
    try {
      return schemePath(scheme)(text)
    } catch (error) {
      throw new ConfigError([`${option} must be ${(error as Error).message}.`])
    }
  }
  return {
    data,
    database: parse('--from-database', 'sqlite:', options.fromDatabase, 'partway.db'),
    store: parse('--from-store', 'file:', options.fromStore, 'store'),
  }
}

export interface Target {
  databaseUrl: string
  store: S3StoreConfig
  signingKeys: readonly string[]
}

/** What new servers will have as their settings. @throws ConfigError unless it is PostgreSQL and S3 */
export function targetOf(config: Config): Target {
  const { database, store } = config
  if (database.kind !== 'postgres' || store.kind !== 's3') {
    const problems = [
      ...(database.kind === 'postgres'
        ? []
        : ['PARTWAY_DATABASE_URL must be postgres://…, the database to move to.']),
      ...(store.kind === 's3' ? [] : ['PARTWAY_STORE_URL must be s3://…, the store to move to.']),
      'migrate-store moves database and store together; it cannot move only one of them.',
    ]
    throw new ConfigError(problems)
  }
  checkSharedKeys(config)
  return { databaseUrl: database.url, store, signingKeys: config.signingKeys! }
}

/**
 * Whether URLs that the source has signed will work: `undefined` when it keeps no key in its folder,
 * so that its servers had `PARTWAY_SIGNING_KEYS` set.
 */
export async function knowsSigningKey(
  { data }: SourcePaths,
  { signingKeys }: Target,
): Promise<boolean | undefined> {
  const path = join(data, 'signing.key')
  if (!existsSync(path)) return undefined
  return signingKeys.includes((await readFile(path, 'utf8')).trim())
}

/** The source, with its database to itself but in a dry run. */
export async function openSource(paths: SourcePaths, dryRun: boolean) {
  const files = await openFileSource(paths.store)
  return { files, records: await openSqliteCopy(paths.database, dryRun) }
}

export interface OpenTarget {
  /** Absent when there are no tables yet, in a dry run. */
  records: CopyTarget | undefined
  store: ChunkStore
  journals: Journals
  moved: MovedAssets
  /** Names of migrations that were (in a dry run: are) to be applied. */
  pending: string[]
}

/** Both sides of the target, which answer; the database has its tables but in a dry run. */
export async function openTarget(
  { databaseUrl, store: bucket }: Target,
  { data }: SourcePaths,
  dryRun: boolean,
): Promise<OpenTarget> {
  const { openS3Store } = await import('../../adapters/s3/store.ts')
  const store = openS3Store({ ...bucket, clock: Date.now })
  await store.ping().catch((error) => {
    const reason = error.cause instanceof Error ? error.cause.message : error.message
    throw new Error(`The bucket ${bucket.bucket} cannot be used: ${reason}.`, { cause: error })
  })
  const { applied, pending } = await migratePostgres({ url: databaseUrl, size: 1 }, dryRun)
  const empty = dryRun && applied.length === 0
  const { endpoint = bucket.region, bucket: name, prefix } = bucket
  const records = empty ? undefined : openPostgresCopy({ url: databaseUrl, size: CONNECTIONS })
  const notes = join(data, 'migrate-store')
  const place = `${endpoint}/${name}/${prefix}`
  const moved = await openMoved(notes, `${place} ${(await records?.identity()) ?? ''}`)
  return { records, store, journals: createJournals(notes, place), moved, pending }
}

/** One for each asset under way. */
const CONNECTIONS = 4
