import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, readFileSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

const PASSWORD = 'a-password-that-must-not-leak'

/** Where Debian has the programs of the newest PostgreSQL, or `undefined`. */
const binaries = (): string | undefined =>
  globSync('/usr/lib/postgresql/*/bin')
    .filter((folder) => existsSync(join(folder, 'initdb')))
    .sort((a, b) => Number(a.split('/')[4]) - Number(b.split('/')[4]))
    .at(-1)

/** Why there can be no server here, or `undefined`. */
export const postgresMissing = (): string | undefined =>
  binaries() ? undefined : 'PostgreSQL is not installed: apt-get install postgresql'

export interface PostgresServer extends AsyncDisposable {
  /** As its administrator, on the database `postgres`. */
  url: string
  /** Makes an empty database; gives its URL. */
  create(): Promise<string>
  start(): Promise<void>
  /** As if it crashed: sessions end at once, and nothing is finished. */
  crash(): Promise<void>
  /** As administrators do it: sessions are told, and end. */
  restart(): Promise<void>
  /** With SIGKILL; resolves when all its processes are gone. */
  kill(): Promise<void>
  /** All its processes stand still, until they are told to go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
}

export interface PostgresOptions {
  /** What it acknowledges survives a power loss, as it should outside of tests. @default false */
  durable?: boolean
  /** Where its folder is made. @default the system's folder for temporary files */
  below?: string
  /** Takes no connections without TLS, with a certificate of its own for `localhost`. @default false */
  tls?: boolean
}

/** A PostgreSQL of our own on a free port of 127.0.0.1, its data in a temporary folder. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { durable = false, below = tmpdir(), tls = false } = options
  const bin = binaries()
  if (!bin) throw new Error(postgresMissing())
  const root = await mkdtemp(join(below, 'partway-postgres-'))
  const [data, log, passwordFile] = [join(root, 'data'), join(root, 'log'), join(root, 'password')]
  const port = await freePort()
  await mkdir(data, { mode: 0o700 })
  await writeFile(passwordFile, PASSWORD, { mode: 0o600 })
  for (const path of [root, data, passwordFile]) giveToServer(path)

  await run(join(bin, 'initdb'), '-D', data, '-U', 'partway', '--pwfile', passwordFile, ...INITDB)
  await appendFile(
    join(data, 'postgresql.conf'),
    [
      ...[`port = ${port}`, "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''"],
      // No test pulls the plug, and what is written survives a crash of the server alone.
      ...[`fsync = ${durable ? 'on' : 'off'}`, 'max_connections = 200'],
      "log_line_prefix = '%m %a '",
    ].join('\n'),
  )
  const certificate = join(root, 'certificate')
  if (tls) {
    makeCertificate(certificate, join(root, 'key'))
    for (const name of ['certificate', 'key']) giveToServer(join(root, name))
    await appendFile(
      join(data, 'postgresql.conf'),
      `\nssl = on\nssl_cert_file = '${certificate}'\nssl_key_file = '${join(root, 'key')}'\n`,
    )
    await writeFile(join(data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 scram-sha-256\n')
  }
  const control = (...args: string[]) => run(join(bin, 'pg_ctl'), '-D', data, '-w', ...args)
  const start = () => control('-t', '30', '-l', log, 'start')
  const master = () => Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
  await start()
  const trusting = `?sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`
  const url = tls
    ? `postgres://partway:${PASSWORD}@localhost:${port}/postgres${trusting}`
    : `postgres://partway:${PASSWORD}@127.0.0.1:${port}/postgres`
  return {
    ...{ url, start },
    async create() {
      const made = new URL(url)
      made.pathname = `test_${randomBytes(8).toString('hex')}`
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`create database ${made.pathname.slice(1)}`)
      await client.end()
      return made.href
    },
    crash: () => control('-m', 'immediate', 'stop'),
    restart: () => control('-t', '30', '-m', 'fast', '-l', log, 'restart'),
    async kill() {
      const pid = master()
      const all = [pid, ...childrenOf(pid)]
      process.kill(pid, 'SIGKILL')
      while (all.some(isAlive)) await sleep(20)
    },
    signal(signal) {
      const pid = master()
      for (const each of [pid, ...childrenOf(pid)]) process.kill(each, signal)
    },
    async [Symbol.asyncDispose]() {
      if (existsSync(join(data, 'postmaster.pid'))) {
        // One that was killed has left its file behind.
        await control('-m', 'immediate', 'stop').catch(() => {})
      }
      await rm(root, { recursive: true, force: true })
    },
  }

  async function run(command: string, ...args: string[]): Promise<void> {
    const [program, ...rest] = isRoot
      ? ['runuser', '-u', USER, '--', command, ...args]
      : [command, ...args]
    // Not inherited: the server would hold on to what it inherits for as long as it lives.
    const child = spawn(program!, rest, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const [status] = await once(child, 'exit')
    if (status === 0) return
    if (existsSync(log)) said += readFileSync(log, 'utf8')
    throw new Error(`${command} ended with ${status}: ${said}`)
  }
}

function makeCertificate(certificate: string, key: string): void {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  const args = ['req', ...kind, ...name, '-keyout', key, '-out', certificate]
  if (spawnSync('openssl', args).status !== 0) throw new Error('openssl made no certificate')
}

/** The processes that `pid` started. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

/** Also false for one that has ended and that nobody has asked about. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

const INITDB = ['-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync']

/** PostgreSQL refuses to run as root. */
const isRoot = process.getuid?.() === 0
const USER = 'postgres'

function giveToServer(path: string): void {
  if (!isRoot) return
  const [uid, gid] = ['-u', '-g'].map((flag) =>
    Number(spawnSync('id', [flag, USER], { encoding: 'utf8' }).stdout),
  )
  chownSync(path, uid!, gid!)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
