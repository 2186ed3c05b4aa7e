import { Readable } from 'node:stream'
import { PartwayError } from '@partway/protocol'
import { create as contentDisposition } from 'content-disposition'
import type { FastifyReply, FastifyRequest } from 'fastify'
import parseRange from 'range-parser'
import type { Assets, Content } from '../core/assets.ts'
import type { App } from './types.ts'

/** The bytes of assets at their signed URLs: RFC 9110 sections 13 and 14. */
export function contentRoutes(app: App, assets: Assets): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/content/:asset_id',
    schema: { hide: true },
    exposeHeadRoute: false,
    handler: async (request, reply) => send(await assets.content(request.url), request, reply),
  })
}

function send(content: Content, request: FastifyRequest, reply: FastifyReply) {
  const { asset, read } = content
  const etag = `"${content.etag}"`
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'content-type': asset.mimeType ?? 'application/octet-stream',
    'content-disposition': contentDisposition(asset.filename, {
      type: /^(video|audio|image)\//.test(asset.mimeType ?? '') ? 'inline' : 'attachment',
    }),
    'cache-control': 'private, max-age=3600',
    // What users upload must never run with our origin's rights.
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
  })
  if (matches(request.headers['if-none-match'], etag)) return reply.status(304).send()

  const range = rangeOf(request, etag, asset.size)
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${asset.size}`)
    for (const name of ['content-type', 'content-disposition', 'etag']) reply.removeHeader(name)
    throw new PartwayError(
      'range_not_satisfiable',
      `The \`Range\` header is invalid. The file has ${asset.size} bytes; received ${request.headers.range}.`,
    )
  }
  const { start, end } = range ?? { start: 0, end: asset.size - 1 }
  if (range) reply.status(206).header('content-range', `bytes ${start}-${end}/${asset.size}`)
  reply.header('content-length', end - start + 1)
  if (request.method === 'HEAD') return reply.send()
  return reply.send(Readable.from(read(start, end), { objectMode: false }))
}

/** The one range to answer with; `undefined` for the whole file, as for several or a malformed one. */
function rangeOf(
  { headers }: FastifyRequest,
  etag: string,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const { range, 'if-range': ifRange } = headers
  if (!range) return undefined
  // Strong comparison; a date never matches, because we give no Last-Modified.
  if (ifRange !== undefined && ifRange !== etag) return undefined
  const ranges = parseRange(size, range)
  if (ranges === -1) return 'unsatisfiable'
  if (ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return undefined
  return ranges[0]
}

// If-None-Match compares weakly: RFC 9110 section 13.1.2.
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((item) => ['*', etag].includes(item.trim().replace(/^W\//, '')))
}
