import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { CreateUploadRequest, CreateUploadResponse } from '@partway/protocol'
import { proofOf, putChunk } from '../../../server/test/support/program-api.ts'
import type { ConsoleWorld } from './console-world.ts'

export interface StoreOptions {
  /** @default video */
  type?: CreateUploadRequest['type']
  hls?: boolean
  thumbnail?: boolean
}

/** Uploads a file of one chunk past the console. Returns the id of its asset. */
export async function storeFile(
  { api }: Pick<ConsoleWorld, 'api'>,
  path: string,
  { type = 'video', hls = false, thumbnail = false }: StoreOptions = {},
): Promise<string> {
  const bytes = new Uint8Array(await readFile(path))
  const { body } = await api.request('POST', '/assets/multipart-uploads', {
    ...{ filename: basename(path), type, total_size: bytes.byteLength },
    ...{ enable_hls: hls, enable_thumbnail: thumbnail },
  })
  const { upload_id, asset_id, upload_urls } = body as CreateUploadResponse
  const { etag } = await putChunk(upload_urls[0]!.url, bytes)
  await api.report(upload_id, [proofOf(1, etag!, bytes)])
  return asset_id
}
