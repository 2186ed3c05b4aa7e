import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../adapters/fs/durable.ts'
import { type Config, ConfigError } from './config.ts'
import { checkSigningKey } from './parsers.ts'

/** @throws ConfigError when servers may share the database, and so must share the keys */
export function checkSharedKeys({ signingKeys, database }: Config): void {
  if (signingKeys || database.kind === 'sqlite') return
  throw new ConfigError([
    'PARTWAY_SIGNING_KEYS must be set with PostgreSQL: every server that shares the database needs the same. `openssl rand -hex 32` makes one.',
  ])
}

/**
 * The signing key kept in the data folder; made at the first start.
 *
 * @throws ConfigError when the file is there but holds no usable key
 */
export async function loadSigningKey(dataFolder: string): Promise<string> {
  const path = signingKeyPath(dataFolder)
  if (!existsSync(path)) await makeKey(dataFolder, path)
  return readSigningKey(path)
}

export const signingKeyPath = (dataFolder: string): string => join(dataFolder, 'signing.key')

/** @throws ConfigError when the file holds no usable key */
export async function readSigningKey(path: string): Promise<string> {
  try {
    return checkSigningKey((await readFile(path, 'utf8')).trim())
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ConfigError([
      `${path} must hold a key of at least 32 characters. Restore it, or remove it to have a new one made; URLs signed before stop working.`,
    ])
  }
}

/** Under its name only when it is whole; of two starts at once the first to get there wins. */
async function makeKey(dataFolder: string, path: string): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await link(temporary, path).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(temporary)
  await syncFolder(dataFolder)
}
