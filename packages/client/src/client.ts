import type {
  Asset,
  AssetList,
  CreateUploadRequest,
  CreateUploadResponse,
  PageQuery,
  PresignRequest,
  PresignResponse,
  ReportRequest,
  ReportResponse,
  UploadDetail,
  UploadList,
} from '@partway/protocol'
import { createHttp, type HttpOptions } from './http.ts'
import type { Source } from './source.ts'
import { type UploadOptions, type UploadResult, upload } from './upload.ts'

export type Client = ReturnType<typeof createClient>

/** A client for one server and one account. */
export function createClient(options: HttpOptions) {
  const call = createHttp(options)
  const root = '/assets/multipart-uploads'
  const at = (id: string) => `${root}/${encodeURIComponent(id)}`
  const assetAt = (id: string) => `/assets/${encodeURIComponent(id)}`

  const uploads = {
    create(body: CreateUploadRequest, signal?: AbortSignal): Promise<CreateUploadResponse> {
      const headers = { 'idempotency-key': crypto.randomUUID() }
      return call('POST', root, { body, headers, signal })
    },
    presign: (id: string, body: PresignRequest, signal?: AbortSignal): Promise<PresignResponse> =>
      call('POST', `${at(id)}/presigned-urls`, { body, signal }),
    report: (id: string, body: ReportRequest, signal?: AbortSignal): Promise<ReportResponse> =>
      call('POST', at(id), { body, signal }),
    status: (id: string, query: PageQuery = {}): Promise<UploadDetail> =>
      call('GET', at(id), { query }),
    list: (query: PageQuery = {}): Promise<UploadList> => call('GET', root, { query }),
    abort: (id: string): Promise<void> => call('DELETE', at(id)),
  }

  const assets = {
    list: (query: PageQuery = {}): Promise<AssetList> => call('GET', '/assets', { query }),
    retrieve: (id: string): Promise<Asset> => call('GET', assetAt(id)),
    delete: (id: string): Promise<void> => call('DELETE', assetAt(id)),
  }

  return {
    uploads,
    assets,
    /** Sends `source` in chunks and resolves when the server has it all. */
    upload: (source: Source, options: UploadOptions): Promise<UploadResult> =>
      upload(uploads, source, options),
  }
}

export type UploadsApi = Client['uploads']
