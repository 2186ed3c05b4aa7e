import { randomUUID } from 'node:crypto'
import cors from '@fastify/cors'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { PartwayError } from '@partway/protocol'
import { NAMED_SCHEMAS } from '@partway/protocol/schemas'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import type { Assets } from '../core/assets.ts'
import type { Direct } from '../core/direct.ts'
import type { Events } from '../core/events.ts'
import type { Imports } from '../core/import.ts'
import type { Keys } from '../core/keys.ts'
import type { ChunkSink, Clock } from '../core/ports.ts'
import type { Uploads } from '../core/uploads.ts'
import { assetRoutes, derivedRoutes } from './assets.ts'
import { chunkDoor } from './chunks.ts'
import {
  answerBadHttp,
  askForBodies,
  commonHeaders,
  limitStalls,
  refuseWhileClosing,
} from './connection.ts'
import { type ConsoleOptions, consoleRoutes } from './console.ts'
import { contentRoutes } from './content.ts'
import { createAssetRoute } from './create-asset.ts'
import { handleError, pathOf, refuseUnknownRoute } from './errors.ts'
import { eventRoutes } from './events.ts'
import { fileRoutes } from './files.ts'
import { healthRoutes } from './health.ts'
import { BASE_PATH, openapi } from './openapi.ts'
import type { App } from './types.ts'
import { uploadRoutes } from './uploads.ts'
import { createValidator } from './validation.ts'

export interface AppDeps {
  uploads: Uploads
  assets: Assets
  direct: Direct
  imports: Imports
  /** Most bytes of a file of any type. */
  maxSize: number
  events: Events
  keys: Keys
  /** Present when chunk PUTs come to us. */
  sink: ChunkSink | undefined
  clock: Clock
  /** Resolves when the database and the store can be used. */
  ping: () => Promise<unknown>
  logger: FastifyBaseLogger
}

export interface AppOptions {
  version: string
  /** What clients call us; without it, the host of each request. */
  publicUrl: string | undefined
  /** Addresses and ranges of proxies whose `X-Forwarded-*` headers count. */
  trustedProxies: string[]
  /** Origins of web pages that may call the API; `*` for all. */
  corsOrigins: string[]
  stallTimeoutMs: number
  console: ConsoleOptions
}

const JSON_LIMIT = 1024 * 1024

export async function createApp(deps: AppDeps, options: AppOptions): Promise<App> {
  const app: App = Fastify({
    loggerInstance: deps.logger,
    // One line a request, by our own hook.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: JSON_LIMIT,
    trustProxy: options.trustedProxies.length > 0 ? options.trustedProxies : false,
    // Long enough that an id of any length is answered as malformed rather than as unknown.
    routerOptions: { maxParamLength: 8192 },
    // Keep-alive connections without a request do not hold up a shutdown.
    forceCloseConnections: 'idle',
    // Said in our own words, below.
    return503OnClosing: false,
    // A request without a host is refused in our own words, below.
    http: { requireHostHeader: false },
    frameworkErrors: (error, request, reply) => {
      reply.headers(commonHeaders(request.id))
      return handleError(error, request, reply)
    },
    clientErrorHandler: answerBadHttp,
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.removeAllContentTypeParsers()
  // Some clients name a type on every request, also where there is no body.
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    body === '' ? done(null, undefined) : parseJson(request, body as string, done),
  )
  app.setValidatorCompiler(createValidator())
  app.setErrorHandler(handleError)
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema)

  app.decorateRequest('account', '')
  app.decorateRequest('origin', function () {
    return options.publicUrl ?? `${this.protocol}://${this.host}`
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(request.id))
    // RFC 9112 section 3.2; and without it there is no origin to build URLs from.
    if (!request.host) throw new PartwayError('invalid_request', 'The `Host` header is missing.')
  })
  refuseWhileClosing(app)
  askForBodies(app)
  limitStalls(app, options.stallTimeoutMs)
  app.addHook('onResponse', async (request, reply) => {
    const level = reply.statusCode >= 500 ? 'error' : reply.statusCode >= 400 ? 'info' : 'debug'
    request.log[level](
      {
        method: request.method,
        path: pathOf(request.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    )
  })

  if (options.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: options.corsOrigins.includes('*') ? '*' : options.corsOrigins,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      // Browsers cannot read the ETag of a chunk without this.
      exposedHeaders: ['ETag', 'X-Request-Id', 'Retry-After', 'Content-Range', 'Accept-Ranges'],
      maxAge: 3600,
    })
  }
  // After CORS, so that pages can read this answer too.
  app.addHook('onRequest', refuseUnknownRoute)
  await openapi(app, options.version)
  healthRoutes(app, deps.ping)
  await app.register((page) => consoleRoutes(page as App, options.console))
  contentRoutes(app, deps.assets, options.stallTimeoutMs)
  fileRoutes(app, deps.assets, options.stallTimeoutMs)
  const { sink, clock } = deps
  if (sink) await app.register((door) => chunkDoor(door as App, { sink, clock }))
  await app.register(
    async (api) => {
      api.addHook('onRequest', async (request) => {
        const key = request.headers['x-api-key']
        request.account = await deps.keys.authenticate(Array.isArray(key) ? key[0] : key)
      })
      uploadRoutes(api as App, deps.uploads, clock)
      assetRoutes(api as App, deps.assets)
      derivedRoutes(api as App)
      eventRoutes(api as App, deps)
      await api.register((form) => createAssetRoute(form as App, deps))
    },
    { prefix: BASE_PATH },
  )
  return app
}
