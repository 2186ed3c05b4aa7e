import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { temporaryFolder } from './program.ts'

// Debian keeps it off the PATH of users.
const PATH = `${process.env.PATH}:/usr/sbin`

/** Why there can be no pooler here, or `undefined`. */
export const pgbouncerMissing =
  spawnSync('pgbouncer', ['--version'], { env: { PATH } }).status === 0
    ? undefined
    : 'pgbouncer is not installed: apt-get install pgbouncer'

/** Without it its tests are skipped by name, but not in CI: there they fail. */
export const skipsPgbouncer = pgbouncerMissing !== undefined && !process.env.CI

/** Stands before the database at `target`, as its packagers have configured it but for `mode`. */
export async function startPgbouncer(target: string, mode: 'session' | 'transaction') {
  if (pgbouncerMissing) throw new Error(pgbouncerMissing)
  const folder = await temporaryFolder()
  const { hostname, port, username, password } = new URL(target)
  const listen = await freePort()
  const users = join(folder.path, 'users.txt')
  const config = join(folder.path, 'pgbouncer.ini')
  await writeFile(users, `"${username}" "${password}"\n`)
  await writeFile(
    config,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
`,
  )
  // It refuses to run as root, and `postgres` has to read what only we may.
  const asRoot = process.getuid?.() === 0
  if (asRoot) for (const path of [folder.path, users, config]) await chmod(path, 0o755)
  const user = asRoot ? ['-u', 'postgres'] : []
  const child = spawn('pgbouncer', [...user, '-q', config], {
    ...{ env: { PATH }, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'exit')
  while (!(await listens(listen))) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${said}`)
    await wait(20)
  }
  const url = new URL(target)
  url.port = String(listen)
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
      await folder[Symbol.asyncDispose]()
    },
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
