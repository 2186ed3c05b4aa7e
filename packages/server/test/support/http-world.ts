import type { AddressInfo } from 'node:net'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import { compose, type Ports } from '../../src/server/compose.ts'
import { readConfig } from '../../src/server/config.ts'
import { createMemoryPorts, type MemoryPorts } from './fakes.ts'

export type { MemoryPorts }

export type Response = LightMyRequestResponse
export type Method = NonNullable<InjectOptions['method']>
export type Headers = Record<string, string>

export interface LogLine {
  level: number
  msg: string
  reqId?: string
  status?: number
  err?: { message: string; stack: string }
}

export interface Call {
  body?: unknown
  headers?: Headers
  /** @default alice's key; `null` sends none */
  key?: string | null
}

export interface WorldOptions {
  /** `PARTWAY_*` settings. */
  env?: Record<string, string>
  /** Changes the memory adapters before anything uses them. */
  ports?: (ports: MemoryPorts) => Partial<Ports>
  /** @default one that is not there */
  consoleFolder?: string
}

export type World = Awaited<ReturnType<typeof createWorld>>

export const HOUR = 3_600_000

/** The application on memory adapters, two accounts with a key each, and everything it logged. */
export async function createWorld(options: WorldOptions = {}) {
  const { env = {}, ports: change, consoleFolder = '/nowhere' } = options
  const memory: MemoryPorts = { ...createMemoryPorts(), newId: createPlainIds() }
  const ports = { ...memory, ...change?.(memory) }
  const config = readConfig(env)
  const logs: LogLine[] = []
  const logger = pino({ level: 'debug' }, { write: (line) => logs.push(JSON.parse(line)) })
  const { app, keys, processor, imports, sweeper } = await compose(config, ports, logger, {
    ...{ onCompleted: () => {}, onImport: () => {}, ownOrigin: () => 'http://127.0.0.1:1' },
    consoleFolder,
  })
  const alice = await keys.create('alice', 'test')
  const bob = await keys.create('bob', 'test')

  /** A JSON call below `/v1.3`. */
  function call(method: Method, path: string, { body, headers, key }: Call = {}) {
    return app.inject({
      method,
      url: `/v1.3${path}`,
      headers: {
        ...(key === null ? {} : { 'x-api-key': key ?? alice.key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }

  return {
    ...{ app, keys, logs, call, processor, imports, sweeper, config },
    ports: { ...ports, clock: memory.clock, media: memory.media, web: memory.web },
    alice: alice.key,
    aliceKeyId: alice.record.id,
    bob: bob.key,
    [Symbol.asyncDispose]: () => app.close(),
  }
}

/** Ids in the order they are made, from those of the contract's examples. */
function createPlainIds(): () => string {
  let next = 0x9011
  return () => `507f1f77bcf86cd79943${(next++).toString(16).padStart(4, '0')}`
}

/** Ids that are well-formed and belong to nothing. */
export const UNKNOWN_ID = 'ffffffffffffffffffffffff'

/** Where the application listens: a free port of 127.0.0.1, taken at the first call. */
export async function listen({ app }: World): Promise<{ port: number; origin: string }> {
  const listening = app.server.address() as AddressInfo | null
  const origin = listening
    ? `http://127.0.0.1:${listening.port}`
    : await app.listen({ host: '127.0.0.1', port: 0 })
  return { origin, port: Number(new URL(origin).port) }
}
