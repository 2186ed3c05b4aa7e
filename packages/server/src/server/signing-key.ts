import { randomBytes } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, checkSigningKey } from './config.ts'

/**
 * The signing key kept in the data folder; made at the first start.
 *
 * @throws ConfigError when the file is there but holds no usable key
 */
export async function loadSigningKey(dataFolder: string): Promise<string> {
  const path = join(dataFolder, 'signing.key')
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  try {
    return checkSigningKey((await readFile(path, 'utf8')).trim())
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ConfigError([
      `${path} must hold a key of at least 32 characters. Restore it, or remove it to have a new one made; URLs signed before stop working.`,
    ])
  }
}
