import { hash } from 'node:crypto'
import { UploadPartCommand } from '@aws-sdk/client-s3'
import { normalizeEtag } from '@partway/protocol'
import type { StoredChunk, Upload } from '../../core/types.ts'
import { noSuchUpload, wrongLength } from '../chunk-errors.ts'
import type { Bucket } from './bucket.ts'
import { guarded, isNoUpload } from './errors.ts'
import type { Keys } from './keys.ts'

/** Chunks that we bring ourselves. A part needs its length before its first byte, so each is gathered first. */
export function createPut({ client, bucket: Bucket }: Bucket, keys: Keys) {
  return async function put(
    upload: Upload,
    index: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<StoredChunk> {
    const Body = await gather(upload, index, body)
    const part = new UploadPartCommand({
      ...{ Bucket, Key: keys.object(upload.assetId), UploadId: upload.storeRef },
      ...{ PartNumber: index, Body, ContentLength: Body.byteLength },
      // So that the store refuses what was damaged on its way.
      ContentMD5: hash('md5', Body, 'base64'),
    })
    return guarded(async () => {
      try {
        const { ETag } = await client.send(part)
        return { etag: normalizeEtag(ETag ?? ''), size: Body.byteLength }
      } catch (error) {
        throw isNoUpload(error) ? noSuchUpload(upload.id) : error
      }
    })
  }
}

async function gather(
  { chunkSize }: Upload,
  index: number,
  body: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.byteLength
    if (size > chunkSize) throw wrongLength(index, chunkSize, size)
    pieces.push(piece)
  }
  if (size === 0) throw wrongLength(index, 1, 0)
  const [first] = pieces
  // What came in one need not be copied.
  return pieces.length === 1 ? first! : Buffer.concat(pieces, size)
}
