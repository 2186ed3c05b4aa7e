import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'rolldown'

export interface Site extends AsyncDisposable {
  origin: string
}

const { resolve } = createRequire(import.meta.url)
const ENTRIES = { client: 'browser-page-client.ts', uppy: 'browser-page-uppy.ts' }

const html = (body: string) => `<!doctype html><meta charset="utf-8"><title>Test</title>${body}`
const PAGES: Record<string, string> = {
  '/': html('<input type="file"><script type="module" src="/client.js"></script>'),
  '/uppy': html(
    '<link rel="stylesheet" href="/core.css"><link rel="stylesheet" href="/dashboard.css">' +
      '<div id="dashboard"></div><script type="module" src="/uppy.js"></script>',
  ),
}

/** Serves pages with the built client to a browser, from an origin of their own. */
export async function startSite(): Promise<Site> {
  const files = new Map<string, { type: string; body: string }>()
  for (const [path, body] of Object.entries(PAGES)) files.set(path, { type: 'text/html', body })
  for (const [name, entry] of Object.entries(ENTRIES)) {
    files.set(`/${name}.js`, { type: 'text/javascript', body: await bundle(entry) })
  }
  for (const [name, css] of [
    ['core', resolve('@uppy/core/css/style.min.css')],
    ['dashboard', resolve('@uppy/dashboard/css/style.min.css')],
  ] as const) {
    files.set(`/${name}.css`, { type: 'text/css', body: await readFile(css, 'utf8') })
  }
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '')
    response.writeHead(file ? 200 : 404, { 'content-type': file?.type ?? 'text/plain' })
    response.end(file?.body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** `@partway/client` is what `npm run build` made: nothing here asks for its source. */
async function bundle(entry: string): Promise<string> {
  const { output } = await build({
    input: join(import.meta.dirname, entry),
    platform: 'browser',
    output: { format: 'esm', codeSplitting: false },
    write: false,
    logLevel: 'warn',
  })
  return output[0].code
}
