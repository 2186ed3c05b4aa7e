/** What a request is about, in the words of the API. */
export type Call = 'create' | 'list' | 'presign' | 'report' | 'status' | 'abort' | 'chunk' | 'other'

/** A request before anything happened to it. */
export interface Asked {
  call: Call
  method: string
  /** Without the query: chunk URLs are signed anew, and are the same chunk. */
  path: string
  /** How many requests with this method and path there were before. */
  count: number
  /** From 1; 0 when it is not about a chunk. */
  chunk: number
}

/** What happens to a request instead of its being passed on as it is. */
export type Fault =
  /** Both connections are reset after so many bytes of the body. */
  | { kind: 'cutRequest'; after: number }
  /** The server does what is asked; the answer ends after so many bytes, its head included. */
  | { kind: 'cutResponse'; after: number }
  /** Nothing more is read after so many bytes of the body, and nothing is answered. */
  | { kind: 'stallRequest'; after: number }
  /** The server does what is asked; the answer stops after so many bytes, its head included. */
  | { kind: 'stallResponse'; after: number }
  /** The server is not asked. `early`: before the body is there, which is read to nowhere. */
  | { kind: 'answer'; status: number; retryAfter?: number; early?: boolean }
  /** One bit of the body is another. */
  | { kind: 'flip'; at: number }
  /** The client is shown another ETag. */
  | { kind: 'etag'; value: string }

/** What happens to a request: a pure function, so that a run can be repeated. */
export type Plan = (asked: Asked) => Fault | undefined

export const noFaults: Plan = () => undefined

/** The first `times` requests of a kind meet `fault`; for chunks, of the chunks in `chunks`. */
export function first(
  call: Call,
  fault: Fault,
  { times = 1, chunks }: { times?: number; chunks?: number[] } = {},
): Plan {
  return (asked) =>
    asked.call === call &&
    asked.count < times &&
    (chunks === undefined || chunks.includes(asked.chunk))
      ? fault
      : undefined
}

/** How much is sent between two chances of a reset. */
const PIECE = 256 * 1024

/**
 * After each 256 KiB of a chunk the connection is reset with this probability: which, is told by
 * the seed, the chunk and how often it was sent before.
 */
export function resets(probability: number, seed: number): Plan {
  return ({ call, path, count }) => {
    if (call !== 'chunk') return undefined
    const random = randomOf(hash(`${seed} ${path.replace(/^.*\//, '')} ${count}`))
    // The largest chunk of these tests has fewer pieces.
    for (let piece = 1; piece <= 64; piece++) {
      if (random() < probability) return { kind: 'cutRequest', after: piece * PIECE }
    }
    return undefined
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value >>> 0
}
