import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { MediaSource } from '../../src/core/media-port.ts'

/** Answers every `GET` of one kind of trouble, so that its handling can be seen. */
export type Trouble = (request: number) => 'none' | 'reset' | 500 | 404

export interface MediaServer extends AsyncDisposable {
  /** The file at `path`, as the port's readers meet it. */
  source(path: string): Promise<MediaSource>
  /** Bytes of content written to sockets so far; what a client did not want counts as well. */
  served: number
  requests: number
  trouble: Trouble
  origin: string
}

/** Serves files by ranges on this machine, like the content door of the server, and counts. */
export async function startMediaServer(): Promise<MediaServer> {
  const server = createServer((request, response) => {
    const what = self.trouble(self.requests++)
    if (what === 'reset') return void request.socket.resetAndDestroy()
    if (what !== 'none') return void response.writeHead(what).end()
    send(decodeURIComponent(request.url!), request.headers.range).catch(() => response.destroy())

    async function send(path: string, range: string | undefined) {
      await using file = await open(path)
      const { size } = await file.stat()
      const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
      const start = Number(from ?? 0)
      const end = Math.min(to ? Number(to) : size - 1, size - 1)
      if (start >= size) {
        response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
        return
      }
      response.writeHead(range ? 206 : 200, {
        'content-length': end - start + 1,
        'accept-ranges': 'bytes',
        ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
      })
      const body = file.createReadStream({ start, end, autoClose: false })
      body.on('data', (piece) => {
        self.served += piece.length
      })
      await pipeline(body, response)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const self: MediaServer = {
    ...{ served: 0, requests: 0, origin, trouble: () => 'none' },
    async source(path) {
      await using file = await open(path)
      return { url: origin + encodeURI(path), size: (await file.stat()).size }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return self
}
