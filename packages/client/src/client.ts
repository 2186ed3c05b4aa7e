import { assetsApi, uploadsApi } from './api.ts'
import { apiBase, createHttp, type HttpOptions } from './http.ts'
import type { Platform } from './platform.ts'
import type { Source } from './source.ts'
import { journalKey } from './upload/journal-key.ts'
import type { Upload, UploadOptions } from './upload/types.ts'
import { startUpload } from './upload/upload.ts'

export interface Client {
  uploads: ReturnType<typeof uploadsApi>
  assets: ReturnType<typeof assetsApi>
  /** Starts sending a file in chunks. {@link Upload.done} resolves when the server has it all. */
  upload(source: Source, options?: UploadOptions): Upload
  /**
   * Forgets what is remembered of an upload of such a source with such options: the next one begins
   * anew. What the server has of it stays there.
   *
   * @throws UploadError `upload_in_progress` when somebody is at it
   */
  forget(source: Pick<Source, 'name' | 'size' | 'modified'>, options?: UploadOptions): Promise<void>
}

/** A client for one server and one account, in an environment. */
export function createClientOn(platform: Platform, options: HttpOptions): Client {
  const call = createHttp(options)
  const uploads = uploadsApi(call)
  const assets = assetsApi(call)
  const identity = {
    server: apiBase(options.server),
    account: fingerprint(options.apiKey),
  }
  return {
    uploads,
    assets,
    upload: (source, uploadOptions = {}) =>
      startUpload({ uploads, assets, platform, identity }, source, uploadOptions),
    async forget(source, uploadOptions = {}) {
      const journal = await platform.journals?.open(journalKey(identity, source, uploadOptions))
      await journal?.forget()
      await journal?.close()
    },
  }
}

/** Tells accounts apart and gives nothing of the key away: FNV-1a, 32 of its bits. */
function fingerprint(apiKey: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(apiKey)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
