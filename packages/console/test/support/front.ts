import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { UploadDetail } from '@partway/protocol'

const BUILT = join(import.meta.dirname, '../../../server/dist/console')
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:"],
  ...["media-src 'self' blob:", "connect-src 'self'", "frame-ancestors 'none'"],
  ...["base-uri 'none'", "form-action 'none'"],
].join('; ')
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

export interface Front extends AsyncDisposable {
  url: string
}

/** The console in front of a server that does not serve it, and has no map of chunks. */
export async function startFront(target: string): Promise<Front> {
  const server = createServer((incoming, outgoing) => {
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    const path = new URL(incoming.url ?? '/', target).pathname
    const map = /^\/v1\.3\/assets\/multipart-uploads\/([0-9a-f]{24})\/chunk-map$/.exec(path)
    if (path === '/' || path.startsWith('/console/')) void serve(path, outgoing)
    else if (map) void answerMap(target, map[1]!, incoming, outgoing)
    else pass(target, incoming, outgoing)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function serve(path: string, outgoing: ServerResponse): Promise<void> {
  const name = path === '/' ? 'index.html' : path.slice('/console/'.length)
  const body = await readFile(join(BUILT, name)).catch(() => undefined)
  outgoing.writeHead(body ? 200 : 404, {
    'content-type': TYPES[extname(name)] ?? 'text/plain',
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
  })
  outgoing.end(body)
}

function pass(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { hostname, port } = new URL(target)
  const { method = '', url: path = '', headers } = incoming
  const onward = request({ hostname, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers)
    answer.on('error', () => outgoing.destroy())
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

async function answerMap(
  target: string,
  id: string,
  { headers }: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const ask = async (page: number) => {
    const url = `${target}/v1.3/assets/multipart-uploads/${id}?page_limit=50&page=${page}`
    return fetch(url, { headers: { 'x-api-key': String(headers['x-api-key']) } })
  }
  const answer = await ask(1)
  const first = (await answer.json()) as UploadDetail
  if (!answer.ok) {
    outgoing.writeHead(answer.status, { 'content-type': 'application/json' })
    return void outgoing.end(JSON.stringify(first))
  }
  const chunks = first.uploaded_chunks
  for (let page = 2; page <= (first.page_info.total_page ?? 1); page++) {
    chunks.push(...((await (await ask(page)).json()) as UploadDetail).uploaded_chunks)
  }
  const ranges = (wanted: string) => {
    const found: [number, number][] = []
    for (const { index, status } of chunks) {
      if (status !== wanted) continue
      if (found.at(-1)?.[1] === index - 1) found.at(-1)![1] = index
      else found.push([index, index])
    }
    return found
  }
  const { upload_id, status, total_chunks, chunk_size, total_size } = first
  outgoing.writeHead(200, { 'content-type': 'application/json' })
  outgoing.end(
    JSON.stringify({
      ...{ upload_id, status, total_chunks, chunk_size, total_size },
      ...{ completed: ranges('completed'), failed: ranges('failed') },
    }),
  )
}
