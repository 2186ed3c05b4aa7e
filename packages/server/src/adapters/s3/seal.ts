import { ChunksLostError, SealRefusedError } from '../../core/ports.ts'
import type { Chunk, SealedObject, Upload } from '../../core/types.ts'
import { isNamed, isNoUpload, isUncertain, refusalOf } from './errors.ts'
import type { Keys } from './keys.ts'
import { type Multipart, type Place, sameEtag } from './multipart.ts'
import type { FoundObject, Objects } from './objects.ts'

/**
 * Makes an object of proven chunks. Whatever CompleteMultipartUpload answers, the object is looked
 * at: it may be there although the answer was lost or another server was first, and Ceph's first
 * answer has no ETag.
 */
export function createSeal(keys: Keys, multipart: Multipart, objects: Objects) {
  return async function seal(upload: Upload, chunks: Chunk[]): Promise<SealedObject> {
    const place = { key: keys.object(upload.assetId), uploadId: upload.storeRef }
    let failure: unknown
    try {
      await complete(place, chunks)
    } catch (error) {
      if (!isSettledByLook(error)) throw error
      failure = error
    }
    const object = await find(place, failure)
    if (object) return { ref: upload.assetId, etag: checked(object, upload) }
    if (!failure) throw new Error(`the store completed upload ${upload.id} and has no object`)
    // Neither the parts nor what they would have become: somebody removed the upload.
    throw new ChunksLostError(chunks.map(({ index }) => index))
  }

  /**
   * `undefined` only when there is neither object nor upload.
   *
   * @throws `failure` while there is an upload, and {@link SealRefusedError} if it will always be refused
   */
  async function find(place: Place, failure: unknown): Promise<FoundObject | undefined> {
    try {
      const object = await objects.find(place.key)
      if (object || !failure) return object
      // Ceph has no clear word for a Complete of what is gone.
      if (!(await multipart.exists(place))) {
        // Once more: another server may have sealed it between our two looks.
        return await objects.find(place.key)
      }
    } catch (error) {
      throw failure instanceof ChunksLostError ? error : (failure ?? error)
    }
    const refusal = refusalOf(failure)
    // Not before the upload could be listed: a store that is set up wrongly refuses that as well.
    if (refusal !== undefined) throw new SealRefusedError(`it says ${refusal}`)
    throw failure
  }

  /** Names the ETags that were reported, so that other bytes are refused rather than sealed. */
  async function complete(place: Place, chunks: Chunk[]): Promise<void> {
    const quoted = chunks.map(({ index, etag }) => ({ index, etag: `"${etag}"` }))
    try {
      return await multipart.complete(place, quoted)
    } catch (error) {
      if (!isNamed(error, 'InvalidPart')) throw error
      const parts = await multipart.list(
        place,
        chunks.map(({ index }) => index),
      )
      // Another server sealed it in this moment, or somebody removed it.
      if (!parts) throw error
      const lost = chunks.filter(({ index, etag }) => !sameEtag(parts.get(index), etag))
      if (lost.length > 0) throw new ChunksLostError(lost.map(({ index }) => index))
      // All are there: then the store spells their ETags in another way than we do.
      const spelled = chunks.map(({ index }) => ({ index, etag: parts.get(index)!.ETag! }))
      await multipart.complete(place, spelled)
    }
  }
}

function checked({ size, etag }: FoundObject, { totalSize }: Upload): string {
  if (size === totalSize) return etag
  throw new SealRefusedError(`what it made of them has ${size} bytes instead of ${totalSize}`)
}

/** Whether the object may be there all the same, or nothing but a look at the upload tells what to do. */
const isSettledByLook = (error: unknown): boolean =>
  // A store may say to a repeated Complete what it says of lost parts.
  error instanceof ChunksLostError ||
  isNamed(error, 'InvalidPart') ||
  isNoUpload(error) ||
  isUncertain(error) ||
  refusalOf(error) !== undefined
