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
import type { Http } from './http.ts'
import { PATIENT_RETRY } from './retry.ts'

const UPLOADS = '/assets/multipart-uploads'

export type UploadsApi = ReturnType<typeof uploadsApi>

/** The multipart calls, one method each: contract section 2 and the abort extension. */
export function uploadsApi(call: Http) {
  const at = (id: string) => `${UPLOADS}/${encodeURIComponent(id)}`
  return {
    create(body: CreateUploadRequest, signal?: AbortSignal): Promise<CreateUploadResponse> {
      const headers = { 'idempotency-key': crypto.randomUUID() }
      return call('POST', UPLOADS, { body, headers, signal })
    },
    presign: (id: string, body: PresignRequest, signal?: AbortSignal): Promise<PresignResponse> =>
      call('POST', `${at(id)}/presigned-urls`, { body, signal, retry: PATIENT_RETRY }),
    report: (id: string, body: ReportRequest, signal?: AbortSignal): Promise<ReportResponse> =>
      call('POST', at(id), { body, signal, retry: PATIENT_RETRY }),
    status: (id: string, query: PageQuery = {}): Promise<UploadDetail> =>
      call('GET', at(id), { query }),
    list: (query: PageQuery = {}): Promise<UploadList> => call('GET', UPLOADS, { query }),
    abort: (id: string): Promise<void> => call('DELETE', at(id)),
  }
}

/** The asset calls. */
export function assetsApi(call: Http) {
  const at = (id: string) => `/assets/${encodeURIComponent(id)}`
  return {
    list: (query: PageQuery = {}): Promise<AssetList> => call('GET', '/assets', { query }),
    retrieve: (id: string): Promise<Asset> => call('GET', at(id)),
    delete: (id: string): Promise<void> => call('DELETE', at(id)),
  }
}
