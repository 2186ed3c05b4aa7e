import type {
  Asset,
  AssetList,
  CreateUploadResponse,
  PresignResponse,
  ReportRequest,
  ReportResponse,
  UploadDetail,
  UploadList,
} from '@partway/protocol'
import { TEST_KEY } from './program.ts'

export const MiB = 1024 * 1024
/** Of every upload up to 512 MiB. */
export const CHUNK = 5 * MiB

/** An answer that takes longer is none. */
const TIMEOUT_MS = 20_000

export type Proof = ReportRequest['completed_chunks'][number]

export interface Answer {
  status: number
  headers: Headers
  /** What the body says; `undefined` when there is none. */
  body: unknown
}

export type Api = ReturnType<typeof createApi>

/** The JSON calls, one request each and nothing repeated, so that tests see every answer. */
export function createApi({ url }: { url: string }, apiKey = TEST_KEY) {
  const root = '/assets/multipart-uploads'

  async function request(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(`${url}/v1.3${path}`, {
      method,
      headers: {
        'x-api-key': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const text = await response.text()
    const { status, headers } = response
    return { status, headers, body: text === '' ? undefined : JSON.parse(text) }
  }

  async function ok<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await request(method, path, body)
    if (answer.status < 300) return answer.body as T
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }

  return {
    request,
    create: (size: number, filename = 'film.mp4') =>
      ok<CreateUploadResponse>('POST', root, { filename, type: 'video', total_size: size }),
    presign: (id: string, start: number, count: number) =>
      ok<PresignResponse>('POST', `${root}/${id}/presigned-urls`, { start, count }),
    report: (id: string, proofs: Proof[]) =>
      ok<ReportResponse>('POST', `${root}/${id}`, { completed_chunks: proofs }),
    status: (id: string) => ok<UploadDetail>('GET', `${root}/${id}?page_limit=50`),
    uploads: () => ok<UploadList>('GET', root),
    asset: (id: string) => ok<Asset>('GET', `/assets/${id}`),
    assets: () => ok<AssetList>('GET', '/assets'),
  }
}

export interface PutAnswer {
  status: number
  /** Without quotes. */
  etag: string | undefined
  text: string
}

/** Sends the bytes of one chunk to its URL. */
export async function putChunk(url: string, bytes: Uint8Array<ArrayBuffer>): Promise<PutAnswer> {
  const response = await fetch(url, {
    method: 'PUT',
    body: bytes,
    headers: { 'content-type': 'application/octet-stream' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const etag = response.headers.get('etag')?.replaceAll('"', '')
  return { status: response.status, etag, text: await response.text() }
}

export const proofOf = (index: number, etag: string, bytes: Uint8Array): Proof => ({
  chunk_index: index,
  proof: etag,
  proof_type: 'etag',
  chunk_size: bytes.byteLength,
})

/** Creates an upload of `bytes` and sends all its chunks; nothing is reported. */
export async function sendAll(api: Api, bytes: Uint8Array<ArrayBuffer>, filename?: string) {
  const session = await api.create(bytes.byteLength, filename)
  const chunks = chunksOf(bytes)
  const proofs: Proof[] = []
  for (const [i, chunk] of chunks.entries()) {
    const { etag, status } = await putChunk(session.upload_urls[i]!.url, chunk)
    if (!etag) throw new Error(`chunk ${i + 1} was answered with ${status}`)
    proofs.push(proofOf(i + 1, etag, chunk))
  }
  return { session, chunks, proofs }
}

/** The file as the plan cuts it. */
export function chunksOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const count = Math.ceil(bytes.byteLength / CHUNK)
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * CHUNK, (i + 1) * CHUNK))
}
