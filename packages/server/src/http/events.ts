import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Assets } from '../core/assets.ts'
import type { Events, StreamEvent } from '../core/events.ts'
import type { Clock } from '../core/ports.ts'
import { errors } from './common.ts'
import { asset as presented, uploadEvent } from './present.ts'
import type { App } from './types.ts'

interface Deps {
  events: Events
  assets: Assets
  clock: Clock
}

/** A reader that has taken nothing for so long is gone; some sign of life comes every 15 seconds. */
const STALL_TIMEOUT_MS = 60_000
/** Bytes held for a reader that is slow; everything else waits as the name of a resource. */
const BUFFER = 16 * 1024

const DESCRIPTION = `Server-sent events. Each tells the latest state of something that changed, at least once, in the order of the changes; progress at most about once a second.

- \`ready\`: the stream stands; every change after this is told. The data is \`{}\`.
- \`upload\`: an \`IncompleteUploadSummary\` with \`updated_at\`, whatever its status.
- \`asset\`: an \`AssetDetail\`.
- \`asset_deleted\`: \`{"_id"}\`.
- \`reset\`: more may have changed than is told, because \`Last-Event-ID\` is too old or unknown, or too much changed. Load the lists again.

A comment comes every 15 seconds. The stream ends when the server stops, and soon after its key is revoked.`

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function eventRoutes(app: App, { events, assets, clock }: Deps): void {
  app.addHook('preClose', async () => events.closeAll())
  app.route({
    method: 'GET',
    url: '/events',
    exposeHeadRoute: false,
    schema: {
      operationId: 'watch-events',
      summary: 'Watch uploads and assets (Partway only)',
      description: DESCRIPTION,
      tags: ['Events'],
      headers: Type.Object({
        'last-event-id': Type.Optional(
          Type.String({ description: 'The `id` of the last event received: go on after it.' }),
        ),
      }),
      response: {
        200: {
          description: 'A stream that does not end by itself.',
          content: { 'text/event-stream': { schema: Type.Unsafe<Readable>(Type.String()) } },
        },
        ...errors(401, 429, 500, 503),
      },
    },
    handler: async (request, reply) => {
      // Whoever leaves while we still ask the database leaves nothing behind.
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const stream = await events.open({
        account: request.account,
        key: String(request.headers['x-api-key']),
        cursor: request.headers['last-event-id'],
      })
      gone.signal.addEventListener('abort', stream.close)
      if (gone.signal.aborted) stream.close()
      request.raw.setTimeout?.(STALL_TIMEOUT_MS)
      const frames = framesOf(stream.events, request.origin())
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store, no-transform',
          // nginx would keep events until it has a buffer full of them.
          'x-accel-buffering': 'no',
          // Ours ends with the stream, so that a server that stops has nothing to wait for.
          connection: 'close',
        })
        .send(Readable.from(frames, { objectMode: false, highWaterMark: BUFFER }))
    },
  })

  async function* framesOf(stream: AsyncIterable<StreamEvent>, origin: string) {
    for await (const event of stream) {
      if (event.kind === 'beat') yield ':\n\n'
      else {
        const data = JSON.stringify(await dataOf(event, origin))
        yield `id: ${event.cursor}\nevent: ${event.kind}\ndata: ${data}\n\n`
      }
    }
  }

  async function dataOf(event: Exclude<StreamEvent, { kind: 'beat' }>, origin: string) {
    switch (event.kind) {
      case 'upload':
        return uploadEvent(event.upload, clock())
      case 'asset':
        return presented(await assets.link(event.asset, origin))
      case 'asset_deleted':
        return { _id: event.id }
      default:
        return {}
    }
  }
}
