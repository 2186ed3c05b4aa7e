import type { AddressInfo } from 'node:net'
import { type Logger, pino } from 'pino'
import { DEFAULT_ACCOUNT } from '../core/keys.ts'
import { compose, type Ports } from './compose.ts'
import type { Config } from './config.ts'
import { type Loop, startLoop } from './loops.ts'

export interface RunningServer {
  /** `http://HOST:PORT`, with the port that was picked. */
  url: string
  /** The key made at the first start; this is the only time its text is known. */
  firstKey: string | undefined
  /** Stops taking requests, lets those under way finish, and closes everything. */
  stop(): Promise<void>
}

/** How often waiting assets are looked for when nobody announced one. */
const PROCESS_INTERVAL_MS = 5000

/** Starts a server over `ports`, which it closes when it stops. */
export async function startServer(config: Config, ports: Ports): Promise<RunningServer> {
  const logger: Logger = pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }))
  let processing: Loop | undefined
  const { app, keys, processor, sweeper } = await compose(config, ports, logger, () =>
    processing?.wake(),
  )
  await sweeper.recover(0)
  await app.listen(config.listen)
  // After that, because a start that fails here must not use up the one time the key is shown.
  const firstKey = await firstStartKey(config, ports, keys)
  const loops = [
    startLoop(config.sweepIntervalMs, sweeper.sweep, (err) =>
      logger.error({ err }, 'sweep failed'),
    ),
  ]
  processing = startLoop(
    PROCESS_INTERVAL_MS,
    async () => {
      while (await processor.processNext()) logger.debug('asset processed')
    },
    (err) => logger.error({ err }, 'processing failed'),
  )
  loops.push(processing)

  return {
    url: urlOf(app.server.address() as AddressInfo),
    firstKey,
    async stop() {
      const deadline = setTimeout(() => app.server.closeAllConnections(), config.drainTimeoutMs)
      await Promise.all([app.close(), ...loops.map((loop) => loop.stop())])
      clearTimeout(deadline)
      await ports.metadata.close()
    },
  }
}

async function firstStartKey(
  config: Config,
  { metadata }: Ports,
  keys: { create(account: string, name: string): Promise<{ key: string }> },
): Promise<string | undefined> {
  if (config.apiKey !== undefined || (await metadata.listKeys()).length > 0) return undefined
  return (await keys.create(DEFAULT_ACCOUNT, 'made at the first start')).key
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
