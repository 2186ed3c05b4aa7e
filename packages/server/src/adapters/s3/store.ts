import { HeadBucketCommand } from '@aws-sdk/client-s3'
import type { ChunkStore } from '../../core/ports.ts'
import type { StoredChunk, Upload } from '../../core/types.ts'
import { contentMissing } from '../object-errors.ts'
import { openBucket, type S3StoreOptions } from './bucket.ts'
import { guarded } from './errors.ts'
import { createDerivedFiles } from './files.ts'
import { createKeys } from './keys.ts'
import { createMultipart, type Place, sameEtag } from './multipart.ts'
import { createObjects } from './objects.ts'
import { createPut } from './put.ts'
import { createSeal } from './seal.ts'
import { createUrls } from './urls.ts'

/** Whoever asks whether we are ready does not wait for long. */
const PING_TIMEOUT_MS = 5000

/**
 * A store in a bucket of S3, or of what speaks it. Clients put chunks straight into it, as parts of
 * a multipart upload of the asset's object.
 *
 * A part that is sent again replaces the one before, also after it was reported: then the upload
 * cannot be sealed any more, see {@link ChunksLostError}.
 */
export function openS3Store(options: S3StoreOptions): ChunkStore {
  const bucket = openBucket(options)
  const keys = createKeys(options.prefix)
  const multipart = createMultipart(bucket)
  const objects = createObjects(bucket)
  const seal = createSeal(keys, multipart, objects)

  const placeOf = ({ assetId, storeRef }: Upload): Place => ({
    ...{ key: keys.object(assetId), uploadId: storeRef },
  })

  async function removeObject(ref: string): Promise<void> {
    await objects.remove(keys.object(ref))
    // Second, because files are only added where there is an object.
    await objects.removeAll(keys.filesOf(ref))
  }

  return {
    ...createUrls(options, bucket, keys),
    ...createDerivedFiles(bucket, keys, objects),
    put: createPut(bucket, keys),
    begin: ({ assetId }) => guarded(() => multipart.create(keys.object(assetId))),
    seal: (upload, chunks) => guarded(() => seal(upload, chunks)),

    stat: (upload, claims) =>
      guarded(async () => {
        const indexes = claims.map(({ index }) => index)
        const parts = await multipart.list(placeOf(upload), indexes)
        const found = new Map<number, StoredChunk>()
        for (const { index, etag } of claims) {
          const part = parts?.get(index)
          if (part && sameEtag(part, etag)) found.set(index, { etag, size: part.Size ?? 0 })
        }
        return found
      }),

    open: (ref, range) => objects.read(keys.object(ref), range, () => contentMissing(ref)),

    size: (ref) =>
      guarded(async () => {
        const object = await objects.find(keys.object(ref))
        if (!object) throw contentMissing(ref)
        return object.size
      }),

    empty: (upload, record) =>
      guarded(async () => {
        // A new place, because parts that are on their way to the old one may still arrive.
        const storeRef = await multipart.create(keys.object(upload.assetId))
        const recorded = await record(storeRef)
        const unused = recorded ? placeOf(upload) : { ...placeOf(upload), uploadId: storeRef }
        // What cannot be freed now is left to the bucket's rule for incomplete uploads.
        await multipart.abort(unused).catch(() => {})
        return recorded ? storeRef : undefined
      }),

    abort: (upload) =>
      guarded(async () => {
        if (upload.storeRef !== '') await multipart.abort(placeOf(upload))
        await removeObject(upload.assetId)
      }),

    remove: (ref) => guarded(() => removeObject(ref)),

    ping: () =>
      guarded(async () => {
        const abortSignal = AbortSignal.timeout(PING_TIMEOUT_MS)
        await bucket.client.send(new HeadBucketCommand({ Bucket: bucket.bucket }), { abortSignal })
      }),
  }
}
