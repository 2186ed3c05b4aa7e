import { PartwayError } from '@partway/protocol'
import type { FastifyRequest } from 'fastify'
import type { ChunkSink, ChunkTicket, Clock } from '../core/ports.ts'
import { leaveBody } from './connection.ts'
import type { App } from './types.ts'

const METHODS = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'] as const

/**
 * The chunk door: a stand-in for S3 on stores that keep bytes themselves. It answers like S3,
 * decides on the signature alone, and never touches the database.
 */
export async function chunkDoor(
  app: App,
  { sink, clock }: { sink: ChunkSink; clock: Clock },
): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) =>
    done(null, payload),
  )

  const accepted = new WeakMap<
    FastifyRequest,
    { ticket: ChunkTicket; sha256: string | undefined }
  >()

  app.route({
    method: [...METHODS],
    url: '/chunks/*',
    config: { errors: 's3' },
    schema: { hide: true },
    // Before the body is read: what is refused costs its sender one round trip.
    onRequest: async (request, reply) => {
      const ticket = sink.verify(request.method, request.raw.url ?? '', clock())
      checkLength(request.headers['content-length'], ticket)
      const sha256 = sha256In(request.headers['content-digest'])
      // Bodies are bytes here whatever they are called, also where the name is no media type.
      request.raw.headers['content-type'] = 'application/octet-stream'
      accepted.set(request, { ticket, sha256 })
      reply.header('content-length', 0)
    },
    errorHandler: (error, request, reply) => {
      reply.removeHeader('content-length')
      leaveBody(request, reply)
      return app.errorHandler(error, request, reply)
    },
    handler: async (request, reply) => {
      // What is refused half-way must not take the connection with it: Node would neither read nor
      // discard the rest of a destroyed request, and the next one on the connection would hang.
      const body = request.raw.iterator({ destroyOnReturn: false })
      const { ticket, sha256 } = accepted.get(request)!
      const { etag } = await sink.write(ticket, body, sha256)
      return reply.header('etag', `"${etag}"`).send()
    },
  })
}

function checkLength(header: string | undefined, { index, size }: ChunkTicket): void {
  if (header === undefined) {
    throw new PartwayError(
      'MissingContentLength',
      `You must provide the Content-Length HTTP header. Chunk ${index} has ${size} bytes.`,
    )
  }
  const length = Number(header)
  if (length === size) return
  throw new PartwayError(
    length > size ? 'EntityTooLarge' : 'EntityTooSmall',
    `Chunk ${index} has ${size} bytes; the Content-Length header says ${length}.`,
  )
}

/**
 * The SHA-256 in a Content-Digest header (RFC 9530 section 2) as hex digits. Other algorithms are
 * passed over, as the RFC has it.
 */
function sha256In(header: string | string[] | undefined): string | undefined {
  const [, value] = /(?:^|,)\s*sha-256\s*=\s*([^,]*)/i.exec(String(header ?? '')) ?? []
  if (value === undefined) return undefined
  const [, base64] = /^:([A-Za-z0-9+/]{43}=):\s*$/.exec(value) ?? []
  if (base64 === undefined) {
    throw new PartwayError(
      'InvalidDigest',
      'The Content-Digest header is invalid. A SHA-256 looks like sha-256=:BASE64:, with 44 characters of Base64.',
    )
  }
  return Buffer.from(base64, 'base64').toString('hex')
}
