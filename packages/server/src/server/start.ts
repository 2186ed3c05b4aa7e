import type { AddressInfo } from 'node:net'
import { type Logger, pino } from 'pino'
import type { Sweeper } from '../core/expire.ts'
import { DEFAULT_ACCOUNT } from '../core/keys.ts'
import { compose, type Ports } from './compose.ts'
import type { Config } from './config.ts'
import { CONSOLE_FOLDER } from './console-folder.ts'
import { type Loop, startLoop } from './loops.ts'

export interface RunningServer {
  /** `http://HOST:PORT`, with the port that was picked. */
  url: string
  /** Address of the console for a browser; the key goes behind it, as `#key=…`. */
  consoleUrl: string
  /** The key made at the first start; this is the only time its text is known. */
  firstKey: string | undefined
  /**
   * Stops taking requests, lets what is under way finish, and closes everything. What is not over in
   * time is given up: everything can be done again by whoever comes next.
   */
  stop(): Promise<void>
}

/** How often waiting work is looked for when nobody announced it. */
const WORK_INTERVAL_MS = 2000
const IMPORTS_AT_ONCE = 4
/** What is cut off has this long to clean up after itself. */
const CUT_OFF_MS = 1000

/** Does one piece of waiting work; `false` when there is none. */
type Work = (stop: AbortSignal) => Promise<boolean>

/** Starts a server over `ports`, which it closes when it stops. */
export async function startServer(config: Config, ports: Ports): Promise<RunningServer> {
  const logger: Logger = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }))
  const processing: Loop[] = []
  const importing: Loop[] = []
  const wake = (loops: Loop[]) => () => {
    for (const loop of loops) loop.wake()
  }
  const stopping = new AbortController()
  const { app, keys, processor, imports, sweeper } = await compose(config, ports, logger, {
    onCompleted: wake(processing),
    onImport: wake(importing),
    consoleFolder: CONSOLE_FOLDER,
    ownOrigin: () => ownUrlOf(app.server.address() as AddressInfo),
  })
  await app.listen(config.listen)
  // After that, because a start that fails here must not use up the one time the key is shown.
  const firstKey =
    config.apiKey === undefined
      ? (await keys.createFirst(DEFAULT_ACCOUNT, 'made at the first start'))?.key
      : undefined
  const sweeping = startLoop(config.sweepIntervalMs, sweepFrom(sweeper, stopping.signal), (err) =>
    logger.error({ err }, 'sweep failed'),
  )
  const startWorkers = (loops: Loop[], count: number, next: Work, what: string) => {
    const work = async () => {
      while (!stopping.signal.aborted && (await next(stopping.signal)));
    }
    for (let i = 0; i < count; i++) {
      loops.push(
        startLoop(WORK_INTERVAL_MS, work, (err) => logger.error({ err }, `${what} failed`)),
      )
    }
  }
  startWorkers(processing, config.processes, processor.processNext, 'processing')
  startWorkers(importing, IMPORTS_AT_ONCE, imports.importNext, 'fetching URLs')

  return {
    url: urlOf(app.server.address() as AddressInfo),
    consoleUrl: `${config.publicUrl ?? ownUrlOf(app.server.address() as AddressInfo)}/`,
    firstKey,
    async stop() {
      stopping.abort(new Error('the server is stopping'))
      const loops = [sweeping, ...processing, ...importing]
      const ended = Promise.all([app.close(), ...loops.map((loop) => loop.stop())]).then(() =>
        ports.metadata.close(),
      )
      if (await endsWithin(config.drainTimeoutMs, ended)) return
      app.server.closeAllConnections()
      await endsWithin(CUT_OFF_MS, ended)
    },
  }
}

/**
 * What an earlier server was about to complete is completed first, whenever it was touched. In the
 * background: a store that hangs must not keep us from answering.
 */
function sweepFrom({ recover, sweep }: Sweeper, stop: AbortSignal): () => Promise<void> {
  let recovered = false
  return async () => {
    if (!recovered) await recover(0, stop)
    recovered = true
    await sweep(stop)
  }
}

/** Whether it ends in this time; nobody waits for it longer. */
async function endsWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(resolve, ms, false)
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Our address for programs on this machine, also when we listen on all addresses. */
const ownUrlOf = ({ address, family, port }: AddressInfo) =>
  urlOf({ address: OWN[address] ?? address, family, port })

const OWN: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
