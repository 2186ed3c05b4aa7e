import type { S3Client } from '@aws-sdk/client-s3'
import { type ChunkPlan, chunkSizeAt } from '@partway/protocol'
import type { ChunkStore, PresignContext, PresignedUrls } from '../../core/ports.ts'
import type { Upload } from '../../core/types.ts'
import { addressOf } from './address.ts'
import type { Bucket, S3StoreOptions } from './bucket.ts'
import { guarded } from './errors.ts'
import type { Keys } from './keys.ts'
import { createPresigner, encode, encodePath, MAX_EXPIRES_S, type Scope } from './sigv4.ts'

/**
 * Clocks that differ by less are left alone: what is learned from a `Date` header is true to a
 * second and the time the answer took.
 */
const LEAST_SKEW_MS = 10_000

/** What signing needs to know of an upload. */
type Signable = ChunkPlan & Pick<Upload, 'assetId' | 'storeRef'>

export interface Urls extends Required<Pick<ChunkStore, 'origin' | 'presignRead'>> {
  presign(upload: Signable, indexes: number[], context: PresignContext): Promise<PresignedUrls>
}

/** Signed URLs with which clients write chunks and readers read, straight from the store. */
export function createUrls(options: S3StoreOptions, bucket: Bucket, keys: Keys): Urls {
  const { region, clock } = options
  const { client } = bucket
  const presigner = createPresigner()
  const { origin, root } = addressOf(bucket, options)

  /** Who signs, and until when: credentials that expire take their URLs with them. */
  async function scopeUntil(expiresAt: number): Promise<{ scope: Scope; expiresAt: number }> {
    const credentials = await client.config.credentials()
    const skew = skewOf(client)
    // They end by the store's clock, as the signature does; what was asked for ends by ours.
    const credentialsEnd = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - skew
    const end = Math.min(expiresAt, credentialsEnd)
    const start = Math.floor(clock() / 1000)
    const left = Math.floor(end / 1000) - start
    const expiresIn = Math.max(1, Math.min(left, MAX_EXPIRES_S))
    const date = start * 1000 + skew
    return {
      scope: { credentials, region, date, expiresIn },
      expiresAt: (start + expiresIn) * 1000,
    }
  }

  return {
    origin,

    presign: (upload, indexes, context) =>
      guarded(async () => {
        const { scope, expiresAt } = await scopeUntil(context.expiresAt)
        const path = root + encodePath(`/${keys.object(upload.assetId)}`)
        const place = `uploadId=${encode(upload.storeRef)}&x-id=UploadPart`
        // All chunks but the last have one size, and with it all but the number in common.
        const bySize = new Map<number, (query: string) => string>()
        const urls = indexes.map((index) => {
          const size = chunkSizeAt(upload, index)
          const headers = { 'content-length': String(size) }
          const url = bySize.get(size) ?? presigner(scope, { method: 'PUT', origin, path, headers })
          bySize.set(size, url)
          return url(`partNumber=${index}&${place}`)
        })
        return { urls, expiresAt }
      }),

    presignRead: (ref, name, { expiresAt, contentType, disposition }) =>
      guarded(async () => {
        const key = name === undefined ? keys.object(ref) : keys.file(ref, name)
        const path = root + encodePath(`/${key}`)
        const { scope } = await scopeUntil(expiresAt)
        const shown =
          disposition === undefined ? '' : `response-content-disposition=${encode(disposition)}&`
        const type = `response-content-type=${encode(contentType)}`
        return presigner(scope, { method: 'GET', origin, path })(`${shown}${type}&x-id=GetObject`)
      }),
  }
}

/** How much later it is at the store, as its last answer to the SDK said. */
function skewOf(client: S3Client): number {
  const { systemClockOffset } = client.config
  return Math.abs(systemClockOffset) < LEAST_SKEW_MS ? 0 : systemClockOffset
}
