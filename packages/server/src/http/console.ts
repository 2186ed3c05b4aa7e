import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { PartwayError } from '@partway/protocol'
import type { App } from './types.ts'

export interface ConsoleOptions {
  /** Where the build has put the page. */
  folder: string
  /** Where URLs of chunks and content may lead that do not lead to us. */
  origins: string[]
}

/**
 * The console, a page that uses the API like any other client: `/`, and its files below `/console/`.
 * Its key is in the fragment of the URL, which no browser sends.
 */
export async function consoleRoutes(app: App, { folder, origins }: ConsoleOptions): Promise<void> {
  const headers = pageHeaders(origins)
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(headers)
  })
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', { schema: { hide: true } }, async () => {
      throw new PartwayError('not_found', 'The console is not built. Run `npm run build`.')
    })
    return
  }
  await app.register(fastifyStatic, {
    ...{ root: folder, prefix: '/console/', index: false, cacheControl: false },
    // Each file has a route, so that what is not there is answered like everything that is not there.
    ...{ wildcard: false, globIgnore: ['index.html'] },
    setHeaders: (reply, path) => reply.header('cache-control', cacheControlOf(path)),
  })
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.sendFile('index.html'))
}

/** Vite puts the digest of a file into its name, but for those of its `public` folder. */
const cacheControlOf = (path: string) =>
  /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+$/.test(path)
    ? 'public, max-age=31536000, immutable'
    : 'no-cache'

/** The page runs nothing but its own scripts, and talks to nobody but us and the store. */
function pageHeaders(origins: string[]) {
  const ours = ["'self'", ...new Set(origins)].join(' ')
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': `${ours} blob: data:`,
    'media-src': `${ours} blob:`,
    'connect-src': ours,
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
  }
  return {
    'content-security-policy': Object.entries(policy)
      .map((directive) => directive.join(' '))
      .join('; '),
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  }
}
