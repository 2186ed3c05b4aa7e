import { createCipheriv, createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Asset } from '@partway/protocol'
import { TEST_KEY } from './program.ts'
import { MiB } from './program-api.ts'

/** Most memory that a process had at once so far, in bytes; only where there is /proc. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}

const BOUNDARY = 'a-boundary-that-no-random-bytes-contain'

/** A film made longer by a box that readers skip; nothing of it is anywhere but on its way. */
export interface EndlessFilm {
  size: number
  /** Once, from the first byte to the last. */
  content(): Generator<Uint8Array>
  /** SHA-256 of all that was taken so far. */
  sha256(): string
}

/** @param film a whole MP4, to which `size` is reached by a `free` box of random bytes */
export function endless(film: Uint8Array, size: number): EndlessFilm {
  const header = Buffer.alloc(16)
  header.writeUInt32BE(1, 0)
  header.write('free', 4, 'latin1')
  header.writeBigUInt64BE(BigInt(size - film.byteLength), 8)
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  const zeros = Buffer.alloc(MiB)
  const hash = createHash('sha256')

  function* pieces() {
    yield film
    yield header
    let left = size - film.byteLength - header.byteLength
    for (; left > 0; left -= MiB) yield cipher.update(zeros.subarray(0, left))
  }
  return {
    size,
    *content() {
      for (const piece of pieces()) {
        hash.update(piece)
        yield piece
      }
    },
    sha256: () => hash.digest('hex'),
  }
}

/** Sends a form whose length nobody knows before its end; returns the asset. */
export async function sendChunked(
  server: { url: string },
  name: string,
  content: Iterable<Uint8Array>,
): Promise<Asset> {
  const post = request(`${server.url}/v1.3/assets`, {
    method: 'POST',
    headers: {
      'x-api-key': TEST_KEY,
      'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    },
  })
  const answer = new Promise<string>((resolve, reject) => {
    post.on('error', reject)
    post.on('response', async (response) => {
      const body = await text(response)
      if (response.statusCode === 201) resolve(body)
      else reject(new Error(`POST /assets: ${response.statusCode} ${body}`))
    })
  })
  function* form() {
    const part = `--${BOUNDARY}\r\ncontent-disposition: form-data; name=`
    yield Buffer.from(`${part}"method"\r\n\r\ndirect\r\n`)
    yield Buffer.from(`${part}"file"; filename="${name}"\r\n\r\n`)
    yield* content
    yield Buffer.from(`\r\n--${BOUNDARY}--\r\n`)
  }
  const [created] = await Promise.all([answer, pipeline(Readable.from(form()), post)])
  return JSON.parse(created) as Asset
}
