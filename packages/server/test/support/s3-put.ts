import { type ErrorCode, normalizeEtag, PartwayError } from '@partway/protocol'
import type { ChunkStore } from '../../src/core/ports.ts'
import type { Store } from '../contract/bodies.ts'

/** An answer of an S3 store. */
export interface StoreAnswer {
  status: number
  /** Normalised. */
  etag: string
  /** Of an error, such as `AccessDenied`. */
  code: string | undefined
}

/** A PUT as any client would send it. */
export async function putTo(url: string, bytes: Uint8Array): Promise<StoreAnswer> {
  const response = await fetch(url, { method: 'PUT', body: Uint8Array.from(bytes) })
  const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1]
  return { status: response.status, etag: normalizeEtag(response.headers.get('etag') ?? ''), code }
}

/** A store whose bodies come by PUT to the URLs it signs. */
export const throughUrls = (store: ChunkStore): Store => ({
  ...store,
  async writeChunk(upload, index, bytes) {
    const expiresAt = Date.now() + 60_000
    const { urls } = await store.presign(upload, [index], { origin: 'http://unused', expiresAt })
    const { status, etag, code } = await putTo(urls[0]!, bytes)
    if (status !== 200) throw new PartwayError(code as ErrorCode, `the store answered ${status}`)
    return { etag, size: bytes.byteLength }
  },
})
