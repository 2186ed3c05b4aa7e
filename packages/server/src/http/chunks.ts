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

  const tickets = new WeakMap<FastifyRequest, ChunkTicket>()

  app.route({
    method: [...METHODS],
    url: '/chunks/*',
    config: { errors: 's3' },
    schema: { hide: true },
    // Before the body is read: what is refused costs its sender one round trip.
    onRequest: async (request, reply) => {
      const ticket = sink.verify(request.method, request.raw.url ?? '', clock())
      checkLength(request.headers['content-length'], ticket)
      // Bodies are bytes here whatever they are called, also where the name is no media type.
      request.raw.headers['content-type'] = 'application/octet-stream'
      tickets.set(request, ticket)
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
      const { etag } = await sink.write(tickets.get(request)!, body)
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
