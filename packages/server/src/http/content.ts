import { Readable } from 'node:stream'
import { PartwayError } from '@partway/protocol'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Assets, Content } from '../core/assets.ts'
import type { App } from './types.ts'

/** The bytes of assets at their signed URLs. */
export function contentRoutes(app: App, assets: Assets, stallTimeoutMs: number): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/content/:asset_id',
    schema: { hide: true },
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const content = await assets.content(request.url)
      const { mimeType, filename } = content.asset
      // An SVG may hold scripts, and where the store serves it there is no sandbox.
      const shown = /^(video|audio|image)\/(?!svg)/.test(mimeType ?? '')
      const type = shown ? 'inline' : 'attachment'
      const headers = {
        'content-type': mimeType ?? 'application/octet-stream',
        'content-disposition': contentDisposition(filename, { type }),
      }
      return sendBytes(content, headers, request, reply, stallTimeoutMs)
    },
  })
}

export interface ContentHeaders {
  'content-type': string
  'content-disposition'?: string
}

/**
 * Answers with bytes, or a range of them: RFC 9110 sections 13 and 14. Where the store serves
 * readers itself, they are sent there; what needs no bytes is answered here.
 */
export async function sendBytes(
  { size, etag: plainEtag, read, locate }: Content,
  headers: ContentHeaders,
  request: FastifyRequest,
  reply: FastifyReply,
  stallTimeoutMs: number,
) {
  // A reader that stands still must not hold a file open for ever; it can come back by range.
  request.raw.setTimeout?.(stallTimeoutMs)
  const etag = `"${plainEtag}"`
  // The order of RFC 9110 section 13.2.2: If-None-Match first, Range last.
  const unchanged = matches(request.headers['if-none-match'], etag)
  if (request.method === 'GET' && !unchanged && locate) {
    const location = await locate({
      contentType: headers['content-type'],
      disposition: headers['content-disposition'],
    })
    // The URL expires; whoever comes back needs a fresh one.
    return reply.header('cache-control', 'no-store').redirect(location, 302)
  }
  const range = request.method === 'GET' && !unchanged ? rangeOf(request, etag, size) : undefined
  if (range === 'unsatisfiable') {
    reply.headers({ 'content-range': `bytes */${size}`, 'cache-control': 'no-store' })
    throw new PartwayError(
      'range_not_satisfiable',
      `The \`Range\` header is invalid. The file has ${size} bytes; received ${request.headers.range}.`,
    )
  }
  const { start, end } = range ?? { start: 0, end: size - 1 }
  // A store that cannot answer should be found out while the answer can still be an error.
  const body =
    request.method === 'HEAD' || unchanged ? undefined : await startReading(read(start, end))

  reply.headers({
    ...headers,
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=3600',
    // What users upload must never run with our origin's rights.
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  })
  if (unchanged) return reply.status(304).send()
  if (range) reply.status(206).header('content-range', `bytes ${start}-${end}/${size}`)
  reply.header('content-length', end - start + 1)
  return reply.send(body)
}

/** Resolves when the first bytes are there. Destroying the stream ends the reading, also unread. */
async function startReading(bytes: AsyncIterable<Uint8Array>): Promise<Readable> {
  const iterator = bytes[Symbol.asyncIterator]()
  let first: IteratorResult<Uint8Array> | undefined = await iterator.next()
  return new Readable({
    read() {
      const next = first ? Promise.resolve(first) : iterator.next()
      first = undefined
      next.then(
        ({ done, value }) => this.push(done ? null : value),
        (error) => this.destroy(error),
      )
    },
    destroy(error, callback) {
      const ended = iterator.return?.() ?? Promise.resolve()
      ended.then(() => callback(error), callback)
    },
  })
}

interface ByteRange {
  start: number
  /** Inclusive. */
  end: number
}

/**
 * The one range to answer with; `undefined` for the whole file, which is also the answer to
 * several ranges and to malformed ones (RFC 9110 sections 14.1 and 14.2).
 */
function rangeOf(
  { headers }: FastifyRequest,
  etag: string,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = headers
  // Strong comparison; a date never matches, because we give no Last-Modified.
  if (!range || (ifRange !== undefined && ifRange !== etag)) return undefined
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(range.trim()) ?? []
  if (first === undefined || last === undefined || first + last === '') return undefined
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 ? 'unsatisfiable' : { start: Math.max(0, size - suffix), end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

// If-None-Match compares weakly: RFC 9110 section 13.1.2.
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((item) => ['*', etag].includes(item.trim().replace(/^W\//, '')))
}
