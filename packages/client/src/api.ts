import type {
  Asset,
  AssetList,
  CreateUploadRequest,
  CreateUploadResponse,
  ListAssetsQuery,
  PageQuery,
  PresignRequest,
  PresignResponse,
  ReportRequest,
  ReportResponse,
  UploadDetail,
  UploadList,
  UserMetadataInput,
} from '@partway/protocol'
import type { Http } from './http.ts'
import { PATIENT_RETRY } from './retry.ts'

const UPLOADS = '/assets/multipart-uploads'

export type UploadsApi = ReturnType<typeof uploadsApi>
export type AssetsApi = ReturnType<typeof assetsApi>

/** The multipart calls, one method each: contract section 2 and the abort extension. */
export function uploadsApi(call: Http) {
  const at = (id: string) => `${UPLOADS}/${encodeURIComponent(id)}`
  return {
    create(body: CreateUploadRequest, signal?: AbortSignal): Promise<CreateUploadResponse> {
      const headers = { 'idempotency-key': randomKey() }
      return call('POST', UPLOADS, { body, headers, signal, retry: PATIENT_RETRY })
    },
    presign: (id: string, body: PresignRequest, signal?: AbortSignal): Promise<PresignResponse> =>
      call('POST', `${at(id)}/presigned-urls`, { body, signal, retry: PATIENT_RETRY }),
    report: (id: string, body: ReportRequest, signal?: AbortSignal): Promise<ReportResponse> =>
      call('POST', at(id), { body, signal, retry: PATIENT_RETRY }),
    status: (id: string, query: PageQuery = {}, signal?: AbortSignal): Promise<UploadDetail> =>
      call('GET', at(id), { query, signal, retry: PATIENT_RETRY }),
    list: (query: PageQuery = {}): Promise<UploadList> => call('GET', UPLOADS, { query }),
    abort: (id: string): Promise<void> => call('DELETE', at(id)),
  }
}

/** How an asset is created from a file in one request, or from a URL. */
export type NewAsset = ({ file: Blob } | { url: string }) & {
  filename?: string
  enableHls?: boolean
  enableThumbnail?: boolean
  userMetadata?: UserMetadataInput
}

/** The asset calls: contract section 3. */
export function assetsApi(call: Http) {
  const at = (id: string) => `/assets/${encodeURIComponent(id)}`
  const metadata =
    (method: string) =>
    (id: string, values: UserMetadataInput): Promise<void> =>
      call(method, `${at(id)}/user-metadata`, { body: { user_metadata: values } })
  return {
    /** Not repeated when it fails: the server would have two. */
    create: (asset: NewAsset, signal?: AbortSignal): Promise<Asset> =>
      call('POST', '/assets', {
        body: formOf(asset),
        signal,
        retry: { ...PATIENT_RETRY, limit: 0 },
      }),
    list: (query: ListAssetsQuery = {}): Promise<AssetList> => call('GET', '/assets', { query }),
    retrieve: (id: string, signal?: AbortSignal): Promise<Asset> => call('GET', at(id), { signal }),
    delete: (id: string): Promise<void> => call('DELETE', at(id)),
    replaceUserMetadata: metadata('PUT'),
    updateUserMetadata: metadata('PATCH'),
    clearUserMetadata: (id: string): Promise<void> => call('DELETE', `${at(id)}/user-metadata`),
  }
}

function formOf(asset: NewAsset): FormData {
  const form = new FormData()
  form.set('method', 'file' in asset ? 'direct' : 'url')
  if (asset.filename !== undefined) form.set('filename', asset.filename)
  if (asset.enableHls) form.set('enable_hls', 'true')
  if (asset.enableThumbnail) form.set('enable_thumbnail', 'true')
  if (asset.userMetadata) form.set('user_metadata', JSON.stringify(asset.userMetadata))
  if ('file' in asset) form.set('file', asset.file)
  else form.set('url', asset.url)
  return form
}

/** Pages that came over plain http have `getRandomValues` but no `randomUUID`. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
