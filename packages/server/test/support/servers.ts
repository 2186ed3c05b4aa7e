import { freePort } from './free-port.ts'
import { type Program, startProgram, temporaryFolder } from './program.ts'
import { type Answer, type Api, createApi } from './program-api.ts'

export interface ServersOptions {
  /** Where metadata and bytes are, and further settings. */
  env: Record<string, string>
  /** More settings of each, in order. @default two servers with none */
  each?: Record<string, string>[]
}

/** A place at which a server runs, or did. */
export interface Place {
  url: string
  /** Never repeats anything. */
  api: Api
  /** Resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<number | null>
  /** Starts a server at the same address. */
  start(): Promise<void>
  /** What all servers of this place wrote to standard error. */
  log(): string
}

export interface Servers extends AsyncDisposable {
  places: Place[]
}

/** Servers that share everything, each at an address that it keeps when it is started again. */
export async function startServers({ env, each = [{}, {}] }: ServersOptions): Promise<Servers> {
  const folder = await temporaryFolder()
  const running: Program[] = []

  async function place(own: Record<string, string>): Promise<Place> {
    const listen = `127.0.0.1:${await freePort()}`
    let current: Program
    let before = ''
    const start = async () => {
      before += current?.stderr() ?? ''
      current = await startProgram({ data: folder.path, env: { ...env, ...own }, listen })
      running.push(current)
    }
    await start()
    const url = `http://${listen}`
    return {
      ...{ url, api: createApi({ url }), start },
      kill: (signal) => current.kill(signal),
      log: () => before + current.stderr(),
    }
  }

  const places = await Promise.all(each.map(place))
  return {
    places,
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((program) => program.kill()))
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Longer than any outage of a test. */
const PATIENCE_MS = 60_000
const PAUSE_MS = 100

/**
 * What clients do: repeats a call while there is no answer or a 503, and resolves with the first other
 * answer. `ask` may ask somebody else each time.
 */
export async function patiently(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      const answer = await ask()
      if (answer.status !== 503) return answer
      if (performance.now() > deadline) throw new Error(JSON.stringify(answer.body))
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
