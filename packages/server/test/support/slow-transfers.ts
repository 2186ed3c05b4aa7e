import { createServer, request as httpRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { TEST_KEY } from './program.ts'
import { type Answer, MiB } from './program-api.ts'

const PIECE = MiB / 4

/** Lets one piece after the other pass, at so many bytes a second for all who ask. */
function createPace(rate: number): () => Promise<void> {
  let free = 0
  return async () => {
    const now = performance.now()
    free = Math.max(free, now) + (PIECE / rate) * 1000
    await sleep(free - now)
  }
}

async function* slowly(bytes: Uint8Array, pace: () => Promise<void>): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += PIECE) {
    await pace()
    yield bytes.subarray(at, at + PIECE)
  }
}

export interface Transfer {
  /** Bytes of the file that have left so far. */
  sent(): number
}

/** Sends a file in a form, at so many bytes a second, and reads the answer whenever it comes. */
export function sendSlowForm(
  server: { url: string },
  { name, bytes }: { name: string; bytes: Uint8Array },
  rate: number,
): Transfer & { answer: Promise<Answer> } {
  let sent = 0
  const answer = new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(`${server.url}/v1.3/assets`, {
      method: 'POST',
      headers: { 'x-api-key': TEST_KEY, 'content-type': 'multipart/form-data; boundary=B' },
    })
    let answered = false
    // Whoever has answered may close while the rest is still being sent.
    request.on('error', (error) => answered || reject(error))
    request.on('response', async (response) => {
      answered = true
      const text = Buffer.concat(await response.toArray()).toString()
      const headers = new Headers(response.headers as Record<string, string>)
      resolve({ status: response.statusCode!, headers, body: JSON.parse(text) })
      request.destroy()
    })
    const send = async () => {
      request.write('--B\r\nContent-Disposition: form-data; name="method"\r\n\r\ndirect\r\n')
      request.write(
        `--B\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`,
      )
      for await (const piece of slowly(bytes, createPace(rate))) {
        if (request.destroyed) return
        request.write(piece)
        sent += piece.byteLength
      }
      request.end('\r\n--B--\r\n')
    }
    send().catch(reject)
  })
  return { answer, sent: () => sent }
}

export interface SlowSource extends Transfer, AsyncDisposable {
  /** Where the file is. */
  url: string
}

/** Serves a file at so many bytes a second, with an ETag and ranges. */
export async function startSlowSource(
  { name, bytes }: { name: string; bytes: Uint8Array },
  rate: number,
): Promise<SlowSource> {
  let sent = 0
  const pace = createPace(rate)
  async function answer(range: string | undefined, response: ServerResponse): Promise<void> {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const start = Number(from ?? 0)
    const end = Math.min(to ? Number(to) + 1 : bytes.byteLength, bytes.byteLength)
    response.writeHead(range ? 206 : 200, {
      ...{ etag: '"the-only-one"', 'accept-ranges': 'bytes', 'content-length': end - start },
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${bytes.byteLength}` }),
    })
    for await (const piece of slowly(bytes.subarray(start, end), pace)) {
      if (response.destroyed) return
      response.write(piece)
      sent += piece.byteLength
    }
    response.end()
  }
  const server = createServer(({ headers }, response) => answer(headers.range, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    ...{ url: `http://127.0.0.1:${port}/${name}`, sent: () => sent },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
