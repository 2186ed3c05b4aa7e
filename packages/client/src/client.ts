import { assetsApi, uploadsApi } from './api.ts'
import { createHttp, type HttpOptions } from './http.ts'
import type { Source } from './source.ts'
import { type UploadOptions, type UploadResult, upload } from './upload.ts'

export type Client = ReturnType<typeof createClient>

/** A client for one server and one account. */
export function createClient(options: HttpOptions) {
  const call = createHttp(options)
  const uploads = uploadsApi(call)
  return {
    uploads,
    assets: assetsApi(call),
    /** Sends `source` in chunks and resolves when the server has it all. */
    upload: (source: Source, options: UploadOptions): Promise<UploadResult> =>
      upload(uploads, source, options),
  }
}
