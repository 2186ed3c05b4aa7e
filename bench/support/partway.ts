import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  type Asset,
  type CreateUploadResponse,
  MAX_BATCH,
  type PresignResponse,
  type ReportRequest,
  type ReportResponse,
} from '../../packages/protocol/src/index.ts'
import { createLayout, type Layout } from '../../packages/server/src/adapters/fs/layout.ts'
import { type ServerProcess, startServer } from './process.ts'

const PROGRAM = join(import.meta.dirname, '../../packages/server/bin/partway.js')

export interface Partway extends ServerProcess {
  /** Of a key that is stored, as every key but the one given by setting is. */
  apiKey: string
  layout: Layout
  uploadUrl(id: string): string
  create(totalSize: number): Promise<CreateUploadResponse>
  /** The URLs of chunks 1 to `count`. */
  chunkUrls(created: CreateUploadResponse, count: number): Promise<string[]>
  /** The asset, once it is no longer `processing`. */
  processed(assetId: string): Promise<Asset>
  report(id: string, chunks: ReportRequest['completed_chunks']): Promise<ReportResponse>
}

/**
 * Starts the built program.
 *
 * @param data an empty folder, unless a key is given
 * @param knownKey a key of the installation: only its first server tells one
 */
export async function startPartway(
  data: string,
  env: Record<string, string> = {},
  knownKey?: string,
): Promise<Partway> {
  const server = await startServer([PROGRAM, 'serve', '--listen', '127.0.0.1:0', '--data', data], {
    PARTWAY_MAX_VIDEO_SIZE: '1TiB',
    PARTWAY_LOG_LEVEL: 'warn',
    ...env,
  })
  const apiKey = knownKey ?? /pw_\S+/.exec(server.lines.join('\n'))![0]
  const uploads = `${server.url}/v1.3/assets/multipart-uploads`

  async function post<T>(url: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json', 'x-api-key': apiKey }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  return {
    ...server,
    apiKey,
    layout: createLayout(join(data, 'store')),
    uploadUrl: (id) => `${uploads}/${id}`,
    create: (totalSize) =>
      post(uploads, { filename: 'bench.mp4', type: 'video', total_size: totalSize }),
    async chunkUrls(created, count) {
      const urls = created.upload_urls.map(({ url }) => url)
      while (urls.length < count) {
        const more = await post<PresignResponse>(`${uploads}/${created.upload_id}/presigned-urls`, {
          start: urls.length + 1,
          count: MAX_BATCH,
        })
        urls.push(...more.upload_urls.map(({ url }) => url))
      }
      return urls.slice(0, count)
    },
    async processed(assetId) {
      for (;;) {
        const headers = { 'x-api-key': apiKey }
        const response = await fetch(`${server.url}/v1.3/assets/${assetId}`, { headers })
        const asset = (await response.json()) as Asset
        if (asset.status !== 'processing') return asset
        await setTimeout(20)
      }
    },
    report: (id, chunks) => post(`${uploads}/${id}`, { completed_chunks: chunks }),
  }
}
