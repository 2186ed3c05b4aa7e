import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { EmitFile } from '../../core/media-port.ts'
import { readInit, readSpans, type Span, type Track } from './hls-boxes.ts'

// ffmpeg writes segments by HTTP PUT to this process instead of to files: there is no folder to
// watch, to fill or to clean up, and a slow store slows ffmpeg down.

/** Name of the init segment, which all others need. */
export const INIT = 'init.mp4'
/** What ffmpeg calls the playlist that it writes at the end; ours replaces it. */
const PLAYLIST = 'stream.m3u8'
export const SEGMENT_PATTERN = 'segment_%05d.m4s'
const SEGMENT = /^segment_\d{5,9}\.m4s$/

/** The boxes that tell when a segment plays are at its very beginning. */
const HEAD = 4096
const MAX_INIT = 4 * 1024 * 1024

/** How long what ffmpeg sent may take to get here after it ended: pauses, and milliseconds each. */
const PATIENCE = 100
const PAUSE = 50

export interface Segment {
  name: string
  /** Bytes. */
  size: number
  spans: Span[]
}

export interface Intake {
  /** What file names are appended to. Nobody else knows it. */
  baseUrl: string
  /** Fails with what `emit` threw, as soon as it did. */
  failed: AbortSignal
  /** Whether something was given to `emit`. */
  begun(): boolean
  /** Everything that came, once the playlist has named all of it. For when ffmpeg ended well. */
  finish(): Promise<{ tracks: Track[]; segments: Segment[] }>
  /** Cuts off what is still under way, and waits until `emit` has seen it. */
  close(): Promise<void>
}

/** Opens a door on the loopback interface through which one run of ffmpeg delivers its files. */
export async function openIntake(emit: EmitFile): Promise<Intake> {
  const token = randomBytes(18).toString('hex')
  const failure = new AbortController()
  const segments = new Map<string, Segment>()
  let listed: string[] | undefined
  let problem: unknown
  let tracks: Track[] = []
  let begun = false
  let closed = false
  let queue = Promise.resolve()

  async function take(name: string, request: IncomingMessage): Promise<void> {
    if (name === PLAYLIST) {
      const text = (await collect(request)).toString()
      listed = text.split('\n').filter((line) => SEGMENT.test(line))
      return
    }
    if (name === INIT) {
      const bytes = await collect(request)
      tracks = readInit(bytes)
      begun = true
      return await pass(name, [bytes])
    }
    if (!SEGMENT.test(name)) throw new Error(`unexpected file from ffmpeg: ${name}`)
    const head: Uint8Array[] = []
    let size = 0
    async function* watched() {
      for await (const piece of request as AsyncIterable<Uint8Array>) {
        if (size < HEAD) head.push(piece)
        size += piece.byteLength
        yield piece
      }
    }
    begun = true
    await pass(name, watched())
    segments.set(name, { name, size, spans: readSpans(Buffer.concat(head)) })
  }

  /** What `emit` throws ends all; unless it only saw ffmpeg break off, which has reasons of its own. */
  async function pass(name: string, body: AsyncIterable<Uint8Array> | Uint8Array[]): Promise<void> {
    let broken = false
    async function* guarded() {
      try {
        yield* body
      } catch (error) {
        broken = true
        throw error
      }
    }
    await emit(name, guarded()).catch((error) => {
      if (!broken) failure.abort(error)
      throw error
    })
  }

  const server = createServer((request, response) => {
    const [, given, name = ''] = (request.url ?? '').split('/')
    if (request.method !== 'PUT' || given !== token) {
      response.writeHead(404).end()
      return
    }
    queue = queue.then(async () => {
      try {
        failure.signal.throwIfAborted()
        if (closed) throw new Error('too late')
        await take(name, request)
        response.writeHead(200).end()
      } catch (error) {
        problem ??= error
        response.writeHead(500).end()
      }
      request.resume()
    })
  })
  // A body takes the time that `emit` takes; and ffmpeg hangs up as soon as it has sent one, which
  // Node would take for a change of mind.
  Object.assign(server, { requestTimeout: 0, httpAllowHalfOpen: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    baseUrl: `http://127.0.0.1:${port}/${token}/`,
    failed: failure.signal,
    begun: () => begun,
    async finish() {
      // The last request may still be on its way through the kernel.
      for (let waits = 0; !listed && !problem && waits < PATIENCE; waits += 1) {
        if (waits > 0) await setTimeout(PAUSE)
        await queue
      }
      await queue
      if (problem) throw problem
      const complete = (listed ?? []).flatMap((name) => segments.get(name) ?? [])
      if (complete.length === 0 || complete.length !== listed?.length) {
        throw new Error('ffmpeg ended without having delivered everything')
      }
      return { tracks, segments: complete }
    },
    async close() {
      closed = true
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await queue
    },
  }
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    size += piece.byteLength
    if (size > MAX_INIT) throw new Error('more than an init segment or a playlist can be')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
