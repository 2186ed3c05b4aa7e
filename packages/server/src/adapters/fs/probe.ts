import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, constants, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Finding, within } from '../finding.ts'
import { syncFolder } from './durable.ts'
import { errnoOf } from './errors.ts'

export interface FolderToProbe {
  /** What it is called, such as `store folder`. */
  check: string
  path: string
  /** Bytes that have to fit. */
  needed: number
  /** Completes "less than …". */
  neededFor: string
  /** To where it can be moved: a setting. */
  setting: string
}

/** Numbers of file systems that are on another machine: statfs(2), linux/magic.h. */
const NETWORK = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x00c36400, 'CephFS'],
  [0x01021997, '9P'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
])

/** Whether a folder keeps what is written to it, and has room. The probe is removed again. */
export async function probeFolder(folder: FolderToProbe): Promise<Finding[]> {
  const { check, path } = folder
  const there = nearest(path)
  try {
    const found = await within(() => (there === path ? keeps(path) : canBeMade(path, there)))
    const network = NETWORK.get((await statfs(there)).type >>> 0)
    return [
      network === undefined
        ? { check, outcome: 'ok', found }
        : {
            ...{ check, outcome: 'warning', remedy: `export ${folder.setting}` },
            found: `${path} is on ${network}: what is acknowledged need not survive a power loss there`,
          },
      await within(() => spaceFinding(folder, there)),
    ]
  } catch (error) {
    return [
      { check, outcome: 'failed', ...problem(error, path, there) },
      { check: spaceOf(check), outcome: 'skipped', found: `not checked: ${path} cannot be used` },
    ]
  }
}

const spaceOf = (check: string) => check.replace(/folder$/, 'space')

/** The folder itself, or the first above it that is there. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path))
}

async function canBeMade(path: string, parent: string): Promise<string> {
  if (!(await stat(parent)).isDirectory()) throw notFolder(parent)
  await access(parent, constants.W_OK | constants.X_OK)
  return `${path} is made at the first start`
}

/** What the store does with every chunk: write, fsync, rename, fsync of the folder. */
async function keeps(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) throw notFolder(path)
  const bytes = randomBytes(64 * 1024)
  const name = join(path, `doctor.${randomBytes(8).toString('hex')}`)
  const started = performance.now()
  try {
    const file = await open(`${name}.tmp`, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${name}.tmp`, name)
    await syncFolder(path)
    const ms = performance.now() - started
    if (!bytes.equals(await readFile(name))) throw new Error('other bytes came back')
    return `${path} keeps what is written; writing 64 KiB durably took ${ms.toFixed(1)} ms`
  } finally {
    for (const left of [`${name}.tmp`, name]) await rm(left, { force: true })
  }
}

const notFolder = (path: string) =>
  Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR' })

async function spaceFinding(
  { check, needed, neededFor }: FolderToProbe,
  there: string,
): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(there)
  const free = bavail * bsize
  const found = `${gibibytes(free)} of ${gibibytes(blocks * bsize)} are free`
  if (free >= needed) return { check: spaceOf(check), outcome: 'ok', found }
  return {
    ...{ check: spaceOf(check), outcome: 'warning' },
    found: `${found}, less than ${neededFor} (${gibibytes(needed)})`,
    remedy: `du -xh --max-depth=2 ${there} | sort -h | tail`,
  }
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`

function problem(error: unknown, path: string, there: string): Pick<Finding, 'found' | 'remedy'> {
  const errno = errnoOf(error)
  if (errno === 'ENOTDIR') {
    const remedy = `mv ${there} ${there}.old && mkdir -m 700 ${path}`
    return { found: `${there} is not a folder`, remedy }
  }
  if (errno === 'EACCES' || errno === 'EPERM') {
    const remedy = `chown "$(id -u partway)" ${there}      # or run this as the user of the server`
    return { found: `${there} may not be written by this user (${errno})`, remedy }
  }
  if (errno === 'EROFS') {
    return {
      found: `${there} is read-only`,
      remedy: `mount -o remount,rw "$(findmnt -nro TARGET -T ${there})"`,
    }
  }
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return {
      found: `there is no room in ${there} (${errno})`,
      remedy: `df -hi ${there} && df -h ${there}`,
    }
  }
  const found = `${path} cannot be used: ${error instanceof Error ? error.message : errno}`
  return { found, remedy: `dmesg | tail      # and: findmnt -T ${there}` }
}
