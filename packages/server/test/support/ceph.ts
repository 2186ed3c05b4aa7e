import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type CephSettings, cephConf } from './ceph-conf.ts'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

/** How to reach an S3 store, and as whom. */
export interface S3Access {
  endpoint: string
  accessKeyId: string
  secretAccessKey: string
}

export interface CephOptions {
  /** @default 1 */
  osds?: number
  /** `memstore` is gone with its process; a daemon that is to be restarted needs `bluestore`. @default 'memstore' */
  objectStore?: 'memstore' | 'bluestore'
  /** GiB of each OSD. @default 4 */
  sizeGiB?: number
  /** How many OSDs hold each object. @default 1 */
  copies?: number
}

/** One program of a cluster, which tests may kill and start again. */
export interface Daemon {
  /** Ends it; resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again and waits until it serves. */
  start(): Promise<void>
  /** It stands still, until it is told to go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
}

export interface Ceph extends S3Access, AsyncDisposable {
  rgw: Daemon
  osds: Daemon[]
  /** How many of them take part, as the monitor has it. */
  osdsUp(): Promise<number>
  /** What every program wrote, by its name, for whoever looks for a cause. */
  folder: string
}

const DEADLINE_MS = 60_000

/** A real Ceph of one monitor, OSDs and an S3 gateway, on loopback, in a folder that goes with it. */
export async function startCeph(options: CephOptions = {}): Promise<Ceph> {
  const { osds: osdCount = 1, objectStore = 'memstore', sizeGiB = 4, copies = 1 } = options
  const folder = await mkdtemp(join(tmpdir(), 'partway-ceph-'))
  const [monPort, rgwPort] = [await freePort(), await freePort()]
  const settings: CephSettings = {
    ...{ folder, fsid: randomUUID(), monPort, rgwPort },
    ...{ objectStore, sizeGiB, copies },
  }
  const conf = join(folder, 'ceph.conf')
  const endpoint = `http://127.0.0.1:${rgwPort}`
  const [accessKeyId, secretAccessKey] = ['testaccess', 'testsecrettestsecret']
  const daemons: (Daemon & { name: string })[] = []
  const ceph = (...args: string[]) =>
    run('ceph', ['--conf', conf, '--connect-timeout', '20', ...args])

  /** `prepare` is called before each start, and gives what tells that the daemon serves since then. */
  function daemon(name: string, command: string[], prepare: () => Promise<Ready>) {
    let child: ChildProcess | undefined
    const made = {
      name,
      async start() {
        const ready = await prepare()
        const log = await open(join(folder, 'log', `${name}.out`), 'a')
        const [program, ...args] = command
        child = spawn(program!, ['--conf', conf, ...args, '-f'], {
          stdio: ['ignore', log.fd, log.fd],
        })
        await once(child, 'spawn')
        await log.close()
        await until(ready, () => child?.exitCode !== null, name)
      },
      signal(signal: 'SIGSTOP' | 'SIGCONT') {
        child?.kill(signal)
      },
      async kill(signal: NodeJS.Signals = 'SIGKILL') {
        if (!child || child.exitCode !== null || child.signalCode !== null) return
        const gone = once(child, 'exit')
        child.kill(signal)
        await gone
      },
    }
    daemons.push(made)
    return made
  }

  async function osdStates(): Promise<OsdState[]> {
    const { stdout } = await ceph('osd', 'dump', '-f', 'json')
    return JSON.parse(stdout).osds
  }

  const osdState = async (id: number) => (await osdStates()).find(({ osd }) => osd === id)
  const osdsUp = async () => (await osdStates()).filter(({ up }) => up === 1).length

  async function stop(): Promise<void> {
    for (const { kill } of daemons.toReversed()) await kill()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    for (const name of ['mon', 'log', 'run', 'rgw']) await mkdir(join(folder, name))
    await writeFile(conf, cephConf(settings))
    await makeKeyring(join(folder, 'keyring'), osdCount)
    await makeMonitor(settings)
    const mon = daemon(
      'mon',
      ['ceph-mon', '-i', 'a'],
      async () => () => answers(ceph('mon', 'stat')),
    )
    await mon.start()
    const osds = Array.from({ length: osdCount }, (_, i) =>
      daemon(`osd.${i}`, ['ceph-osd', '-i', String(i)], async () => {
        // The monitor may not have noticed yet that it went down.
        const before = (await osdState(i))?.up_from
        return async () => {
          const now = await osdState(i)
          return now?.up === 1 && now.up_from !== before
        }
      }),
    )
    for (const [i, osd] of osds.entries()) {
      const uuid = randomUUID()
      await mkdir(join(folder, `osd.${i}`))
      await ceph('osd', 'new', uuid, String(i))
      await run('ceph-osd', ['--conf', conf, '-i', String(i), '--mkfs', '--osd-uuid', uuid])
      await osd.start()
    }
    const rgw = daemon(
      'rgw',
      ['radosgw', '-n', 'client.rgw'],
      async () => () => answers(fetch(endpoint)),
    )
    const names = ['--uid=test', '--display-name=test']
    const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`]
    await Promise.all([
      rgw.start(),
      run('radosgw-admin', [
        ...['--conf', conf, '-n', 'client.rgw', 'user', 'create', ...names, ...keys],
      ]),
    ])
    const access = { endpoint, accessKeyId, secretAccessKey }
    return { ...access, folder, rgw, osds, osdsUp, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Whether a daemon serves. */
type Ready = () => Promise<boolean>

interface OsdState {
  osd: number
  up: number
  /** The epoch of the map in which it last came up. */
  up_from: number
}

/**
 * One keyring for everything: the monitor takes every entry with its rights from it. Without
 * authentication Ceph 16 also starts, but refuses at random.
 */
async function makeKeyring(path: string, osds: number): Promise<void> {
  const entry = (name: string, caps: Record<string, string>, ...more: string[]) =>
    run('ceph-authtool', [
      ...[...more, path, '-n', name, '--gen-key'],
      ...Object.entries(caps).flatMap(([subject, cap]) => ['--cap', subject, cap]),
    ])
  await entry('mon.', { mon: 'allow *' }, '-C')
  await entry('client.admin', { mon: 'allow *', osd: 'allow *', mgr: 'allow *' })
  await entry('client.rgw', { mon: 'allow rwx', osd: 'allow rwx' })
  for (let i = 0; i < osds; i++) {
    await entry(`osd.${i}`, { mon: 'allow profile osd', mgr: 'allow profile osd', osd: 'allow *' })
  }
}

async function makeMonitor({ folder, fsid, monPort }: CephSettings): Promise<void> {
  const map = join(folder, 'monmap')
  const address = `[v2:127.0.0.1:${monPort}]`
  await run('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', address, map])
  await run('ceph-mon', [
    ...['--conf', join(folder, 'ceph.conf'), '-i', 'a', '--mkfs'],
    ...['--monmap', map, '--keyring', join(folder, 'keyring')],
  ])
}

const answers = (asked: Promise<unknown>) =>
  asked.then(
    () => true,
    () => false,
  )

async function until(ready: Ready, ended: () => boolean, name: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!(await ready())) {
    if (ended()) throw new Error(`${name} ended before it served`)
    if (performance.now() > deadline) throw new Error(`${name} does not serve`)
    await sleep(100)
  }
}
