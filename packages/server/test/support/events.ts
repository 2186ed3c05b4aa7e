import { expect } from 'vitest'

export interface Told {
  id: string | undefined
  event: string
  data: Record<string, unknown>
}

export interface EventReader extends AsyncDisposable {
  response: Response
  /** Everything told so far. */
  told: Told[]
  /** Comments so far. */
  comments: string[]
  /** Resolves when the server ends the stream, or the connection breaks, which it then says. */
  ended: Promise<'ended' | 'broken'>
  /** The first event of that kind, told or to come, that `matches`. */
  find(event: string, matches?: (data: Told['data']) => boolean): Promise<Told>
}

export interface Watch {
  key: string
  lastEventId?: string | undefined
}

/** How long an event may take to come. */
const TIMEOUT_MS = 15_000

/** Opens `GET /v1.3/events` and reads until it is disposed of: `await using`. */
export async function watchEvents(
  origin: string,
  { key, lastEventId }: Watch,
): Promise<EventReader> {
  const leave = new AbortController()
  const response = await fetch(`${origin}/v1.3/events`, {
    headers: {
      'x-api-key': key,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: leave.signal,
  })
  const told: Told[] = []
  const comments: string[] = []

  async function read(): Promise<'ended' | 'broken'> {
    let rest = ''
    try {
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + text).split('\n\n')
        rest = blocks.pop()!
        for (const block of blocks) {
          if (block.startsWith(':')) comments.push(block)
          else if (block !== '') told.push(parse(block))
        }
      }
      return 'ended'
    } catch {
      return 'broken'
    }
  }
  const ended = read()

  return {
    ...{ response, told, comments, ended },
    async find(event, matches = () => true) {
      const found = () => told.find((one) => one.event === event && matches(one.data))
      await expect.poll(found, { timeout: TIMEOUT_MS, interval: 10 }).toBeDefined()
      return found()!
    },
    async [Symbol.asyncDispose]() {
      leave.abort()
      await ended
    },
  }
}

function parse(block: string): Told {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => {
      const [, name = '', value = ''] = /^(\w+): (.*)$/.exec(line) ?? []
      return [name, value]
    }),
  )
  return { id: fields.id, event: fields.event ?? 'message', data: JSON.parse(fields.data ?? '{}') }
}

/** An `every` whose ticks come when a test says so. */
export function createManualEvery() {
  const timers = new Map<() => void, number>()
  const every = (ms: number, tick: () => void) => {
    const own = () => tick()
    timers.set(own, ms)
    return () => void timers.delete(own)
  }
  return {
    every,
    /** Everything that is due every `ms` happens once. */
    tick(ms: number): void {
      for (const [run, interval] of [...timers]) if (interval === ms) run()
    },
    /** How many timers run. */
    count: () => timers.size,
  }
}
