import { indexedDbJournals } from './browser/journals.ts'
import { xhrTransport } from './browser/transport-xhr.ts'
import { type Client, createClientOn } from './client.ts'
import type { HttpOptions } from './http.ts'
import { webSha256 } from './platform.ts'
import { fetchTransport } from './transport-fetch.ts'

export type { NewAsset } from './api.ts'
export type { Client } from './client.ts'
export { UploadError } from './error.ts'
export type { HttpOptions as ClientOptions } from './http.ts'
export { fromBlob, fromBytes, fromStream, type Source } from './source.ts'
export type {
  Upload,
  UploadedAsset,
  UploadOptions,
  UploadPhase,
  UploadProgress,
} from './upload/types.ts'

/** A client with what the environment has: in pages, byte progress and a journal. */
export function createClient(options: HttpOptions): Client {
  const page = typeof XMLHttpRequest === 'function'
  return createClientOn(
    {
      transport: page ? xhrTransport : fetchTransport,
      whole: true,
      sha256: webSha256,
      journals: typeof indexedDB === 'object' ? indexedDbJournals() : undefined,
    },
    options,
  )
}
