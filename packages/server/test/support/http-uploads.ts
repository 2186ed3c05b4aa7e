import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type {
  CreateUploadResponse,
  ReportResponse,
  UploadDetail,
  UploadList,
} from '@partway/protocol'
import { expect } from 'vitest'
import { type Call, type Headers, listen, type Response, type World } from './http-world.ts'

export const UPLOADS = '/assets/multipart-uploads'
export const CHUNK_SIZE = 5 * 1024 * 1024

export interface Answer {
  statusCode: number
  headers: IncomingHttpHeaders
  body: string
}

export interface WireClaim {
  chunk_index: number
  proof: string
  proof_type?: string | null
  chunk_size: number
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')

/** What a client says of a chunk with these bytes. */
export const claimOf = (index: number, bytes: Uint8Array): WireClaim => ({
  chunk_index: index,
  proof: sha256(bytes),
  proof_type: 'etag',
  chunk_size: bytes.byteLength,
})

/** The path and query of an absolute URL, exactly as it is written. */
export const pathOf = (url: string): string => url.replace(/^https?:\/\/[^/]+/, '')

export interface NewUpload {
  size: number
  filename?: string
  type?: string
  key?: string
  headers?: Headers
}

export async function createUpload(
  world: World,
  { size, filename = 'my-video.mp4', type = 'video', key, headers }: NewUpload,
): Promise<CreateUploadResponse> {
  const body = { filename, type, total_size: size }
  const response = await world.call('POST', UPLOADS, {
    body,
    ...(key ? { key } : {}),
    ...(headers ? { headers } : {}),
  })
  expect(response.statusCode, response.body).toBe(201)
  return response.json<CreateUploadResponse>()
}

/** What both official SDKs send for a chunk, over a real connection: no key, one fixed type. */
export async function putChunk(
  world: World,
  url: string,
  bytes: Uint8Array,
  { method = 'PUT', headers = {} }: { method?: string; headers?: Headers } = {},
): Promise<Answer> {
  const { port } = await listen(world)
  return new Promise((resolve, reject) => {
    const options = {
      ...{ method, host: '127.0.0.1', port, path: pathOf(url), agent: false },
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': bytes.byteLength,
        ...headers,
      },
    }
    request(options, async (response) => {
      const body = await text(response)
      resolve({ statusCode: response.statusCode!, headers: response.headers, body })
    })
      .on('error', reject)
      .end(bytes)
  })
}

export function report(
  world: World,
  uploadId: string,
  claims: unknown,
  call: Call = {},
): Promise<Response> {
  return world.call('POST', `${UPLOADS}/${uploadId}`, {
    body: { completed_chunks: claims },
    ...call,
  })
}

export async function statusOf(world: World, uploadId: string): Promise<UploadDetail> {
  const response = await world.call('GET', `${UPLOADS}/${uploadId}?page_limit=50`)
  expect(response.statusCode, response.body).toBe(200)
  return response.json<UploadDetail>()
}

export async function listed(world: World, query = ''): Promise<UploadList> {
  const response = await world.call('GET', `${UPLOADS}${query}`)
  expect(response.statusCode, response.body).toBe(200)
  return response.json<UploadList>()
}

export interface Finished {
  uploadId: string
  assetId: string
  /** The content's URL: its path and query. */
  path: string
  url: string
}

/** Creates, uploads and reports a file of one chunk. */
export async function finishUpload(
  world: World,
  bytes: Uint8Array,
  upload: Omit<NewUpload, 'size'> = {},
): Promise<Finished> {
  const created = await createUpload(world, { ...upload, size: bytes.byteLength })
  const put = await putChunk(world, created.upload_urls[0]!.url, bytes)
  expect(put.statusCode, put.body).toBe(200)
  const { upload_id: uploadId, asset_id: assetId } = created
  const call: Call = upload.key ? { key: upload.key } : {}
  const response = await report(world, uploadId, [claimOf(1, bytes)], call)
  expect(response.statusCode, response.body).toBe(200)
  const url = response.json<ReportResponse>().url!
  return { uploadId, assetId, path: pathOf(url), url }
}

/** The shortest files that are recognised as what they are. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=',
  'base64',
)

/** A body with every signature replaced, for comparison with a golden one. */
export function golden(response: Response): unknown {
  const text = response.body.replaceAll(/signature=[\w-]{43}/g, 'signature=SIGNATURE')
  return JSON.parse(text)
}
