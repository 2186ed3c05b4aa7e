import { existsSync } from 'node:fs'
import { access, constants, open } from 'node:fs/promises'
import { type Finding, within } from '../finding.ts'
import { readMigrations } from './migrate.ts'
import { migrationsFinding, newerFinding } from './probe.ts'
import { lookIntoSqlite } from './sqlite.ts'

/** Whether a server could use a file of SQLite; its folder is somebody else's to look at. */
export async function probeSqlite(path: string): Promise<Finding[]> {
  const check = 'database'
  if (!existsSync(path)) {
    return [{ check, outcome: 'ok', found: `${path} is made at the first start` }]
  }
  try {
    await access(path, constants.R_OK | constants.W_OK)
  } catch {
    const found = `${path} may not be written by this user`
    const remedy = `chown "$(id -u partway)" ${path}*      # or run this as the user of the server`
    return [{ check, outcome: 'failed', found, remedy }]
  }
  try {
    return await within(() => lookIntoSqlite(path, look))
  } catch (error) {
    const found = `${path} cannot be opened: ${reasonOf(error)}`
    const remedy = `sqlite3 ${path} 'pragma integrity_check'`
    return [{ check, outcome: 'failed', found, remedy }]
  }

  async function look(db: Parameters<typeof readMigrations>[0]): Promise<Finding[]> {
    const schema = await readMigrations(db).then(migrationsFinding, newerFinding)
    const found = (await hasLog(path))
      ? `${path}, with a write-ahead log`
      : `${path}; the next start gives it a write-ahead log`
    return [{ check, outcome: 'ok', found }, schema]
  }
}

/** "Write version" in the header of the file: https://www.sqlite.org/fileformat.html section 1.3 */
async function hasLog(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0)
    return buffer[18] === 2
  } finally {
    await file.close()
  }
}

/** Of what we say to clients, SQLite's own words are the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message : message
}
