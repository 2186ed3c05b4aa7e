import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export interface FolderServer extends AsyncDisposable {
  /** Where a file of the folder is. */
  url(name: string): string
  /** The `Range` headers of all requests so far. */
  ranges: string[]
}

/** Serves a folder on the loopback interface as web servers do: with ETags and ranges. */
export async function serveFolder(folder: string): Promise<FolderServer> {
  const ranges: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost')
    if (request.headers.range) ranges.push(request.headers.range)
    const path = join(folder, decodeURIComponent(pathname))
    send(path, request.headers.range, response).catch(() => response.writeHead(404).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (name) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`,
    ranges,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function send(path: string, asked: string | undefined, response: ServerResponse) {
  const { size, mtimeMs } = await stat(path)
  const etag = `"${size}-${mtimeMs}"`
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(asked ?? '') ?? []
  const start = Number(from ?? 0)
  const end = Math.min(to ? Number(to) : size - 1, size - 1)
  if (asked && start >= size) {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
    return
  }
  response.writeHead(asked ? 206 : 200, {
    ...{ etag, 'accept-ranges': 'bytes', 'content-length': end - start + 1 },
    ...(asked && { 'content-range': `bytes ${start}-${end}/${size}` }),
  })
  if (size === 0) response.end()
  else createReadStream(path, { start, end }).pipe(response)
}
