import { dirname } from 'node:path'
import type { Finding } from '../../adapters/finding.ts'
import { probeFolder } from '../../adapters/fs/probe.ts'
import { probeTools } from '../../adapters/media/probe-tools.ts'
import { probePostgres } from '../../adapters/sql/probe-postgres.ts'
import { probeSqlite } from '../../adapters/sql/probe-sqlite.ts'
import { type Config, ConfigError, readConfig } from '../config.ts'
import { memoryFinding, nodeFinding } from './machine.ts'
import { probePublicUrl } from './public.ts'
import { problemFinding, publicUrlFinding, SETTINGS_CHECK, signingKeyFinding } from './settings.ts'

export { SETTINGS_CHECK }

/** Of metadata: that of some hundred thousand assets. */
const DATABASE_SPACE = 2 ** 30
/** Where settings do not say more. */
const TOOL_MEMORY = 2 * 2 ** 30

/**
 * Checks the installation that settings name, one thing after the other, and changes nothing of it.
 * Whatever fails, the others are looked at as well.
 */
export async function* diagnose(
  env: Record<string, string | undefined>,
  options: { data?: string | undefined },
): AsyncGenerator<Finding> {
  yield nodeFinding()
  let config: Config
  try {
    config = readConfig(env, options)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    yield* error.problems.map(problemFinding)
    yield* ['signing keys', 'public URL', 'database', 'store'].map((check): Finding => {
      return { check, outcome: 'skipped', found: 'not checked: settings are wrong' }
    })
    yield* await probeTools({ toolPath: env.PATH ?? '', memory: TOOL_MEMORY })
    return
  }
  yield { check: SETTINGS_CHECK, outcome: 'ok', found: 'all can be read' }
  yield await signingKeyFinding(config)
  yield publicUrlFinding(config)
  yield* await databaseFindings(config)
  yield* await storeFindings(config)
  yield* await probeTools({ toolPath: config.toolPath, memory: config.processingMemory })
  yield memoryFinding(config)
  if (config.publicUrl !== undefined) yield await probePublicUrl(config.publicUrl)
}

async function databaseFindings({ database, databasePool: size }: Config): Promise<Finding[]> {
  if (database.kind === 'postgres') return probePostgres({ url: database.url, size })
  const folder = await probeFolder({
    ...{ check: 'database folder', path: dirname(database.path) },
    ...{ needed: DATABASE_SPACE, neededFor: 'metadata may come to' },
    setting:
      'PARTWAY_DATABASE_URL=postgres://…      # or sqlite: with a path on a disk of this machine',
  })
  return [...folder, ...(await probeSqlite(database.path))]
}

async function storeFindings(config: Config): Promise<Finding[]> {
  const { store, corsOrigins, publicUrl, contentDelivery, uploadTtlMs, graceMs } = config
  if (store.kind === 's3') {
    // Only where it is used: the SDK is large.
    const { probeS3 } = await import('../../adapters/s3/probe.ts')
    return probeS3({
      ...{ ...store, clock: Date.now, keptMs: uploadTtlMs + graceMs },
      pages: {
        origins: corsOrigins,
        consoleOrigin: publicUrl && new URL(publicUrl).origin,
        redirect: contentDelivery === 'redirect',
      },
    })
  }
  const sizes = [config.maxVideoSize, config.maxAudioSize]
  return probeFolder({
    ...{ check: 'store folder', path: store.path },
    ...{ needed: Math.max(...sizes, config.maxImageSize, config.maxDocumentSize) },
    neededFor: 'the largest file that may be uploaded',
    setting: 'PARTWAY_STORE_URL=s3://…      # or file: with a path on a disk of this machine',
  })
}
