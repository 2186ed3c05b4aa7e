import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FileServer extends AsyncDisposable {
  url: string
  /** Requests so far. */
  requests: number
  /** How many bytes an answer may have before the connection is cut; unlimited at first. */
  cutAfter: number
  /** Whether every request after a cut is answered with 503. */
  dies: boolean
  /** Answers with this status when it is not 200. */
  status: number
}

/** Serves one file on the loopback interface, ranges included. */
export async function serveFile(path: string): Promise<FileServer> {
  const server = createServer((request, response) => {
    self.requests += 1
    if (self.status !== 200) return response.writeHead(self.status).end()
    const { size } = statSync(path)
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    if (start >= size) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
    const end = Math.min(range?.[2] ? Number(range[2]) : size - 1, size - 1)
    response.writeHead(range ? 206 : 200, {
      'accept-ranges': 'bytes',
      'content-length': end - start + 1,
      ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
    })
    const file = createReadStream(path, { start, end: Math.min(end, start + self.cutAfter - 1) })
    file.pipe(response, { end: false })
    file.on('end', () => {
      if (end - start < self.cutAfter) return response.end()
      if (self.dies) self.status = 503
      return response.destroy()
    })
    return response.on('close', () => file.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const self: FileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file?signature=secret`,
    ...{ requests: 0, cutAfter: Number.POSITIVE_INFINITY, dies: false, status: 200 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return self
}
