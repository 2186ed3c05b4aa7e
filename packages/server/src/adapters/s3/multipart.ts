import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type Part,
} from '@aws-sdk/client-s3'
import { MAX_CHUNKS, normalizeEtag } from '@partway/protocol'
import { ASKING, type Bucket, completing } from './bucket.ts'
import { isNoUpload } from './errors.ts'

/** A multipart upload of one object. */
export interface Place {
  key: string
  uploadId: string
}

export interface NamedPart {
  index: number
  etag: string
}

const MAX_PAGE = 1000
const MAX_ABORTS = 5

export type Multipart = ReturnType<typeof createMultipart>

/** The control calls of multipart uploads. What is thrown is the SDK's. */
export function createMultipart({ client, bucket: Bucket }: Bucket) {
  const inBucket = ({ key: Key, uploadId: UploadId }: Place) => ({ Bucket, Key, UploadId })

  async function create(Key: string): Promise<string> {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key }),
      ASKING,
    )
    if (!UploadId) throw new Error('the store gave no UploadId')
    return UploadId
  }

  /** The parts with these indexes, as the store spells them; `undefined` when there is no such upload. */
  async function list(place: Place, indexes: number[]): Promise<Map<number, Part> | undefined> {
    const found = new Map<number, Part>()
    const sorted = [...new Set(indexes)]
      .filter((index) => Number.isInteger(index) && index >= 1 && index <= MAX_CHUNKS)
      .sort((a, b) => a - b)
    const last = sorted.at(-1)
    // Only the pages in which there is something to look for.
    for (let next = sorted[0]; next !== undefined && last !== undefined; ) {
      const page = await listPage(place, next - 1, Math.min(MAX_PAGE, last - next + 1))
      if (!page) return undefined
      for (const part of page.parts) found.set(part.PartNumber!, part)
      const seen = page.parts.at(-1)?.PartNumber
      if (!page.more || seen === undefined) break
      next = sorted.find((index) => index > seen)
    }
    return found
  }

  async function listPage(place: Place, after: number, MaxParts: number) {
    try {
      const PartNumberMarker = String(after)
      const { Parts = [], IsTruncated } = await client.send(
        new ListPartsCommand({ ...inBucket(place), PartNumberMarker, MaxParts }),
        ASKING,
      )
      return { parts: Parts, more: IsTruncated === true }
    } catch (error) {
      if (isNoUpload(error)) return undefined
      throw error
    }
  }

  /** Makes an object of the parts. */
  async function complete(place: Place, parts: NamedPart[]): Promise<void> {
    const Parts = parts.map(({ index, etag }) => ({ PartNumber: index, ETag: etag }))
    await client.send(
      new CompleteMultipartUploadCommand({ ...inBucket(place), MultipartUpload: { Parts } }),
      completing(),
    )
  }

  /** Repeated until the upload is gone: parts that were on their way may arrive after an abort. */
  async function abort(place: Place): Promise<void> {
    for (let i = 0; i < MAX_ABORTS; i++) {
      try {
        await client.send(new AbortMultipartUploadCommand(inBucket(place)), ASKING)
      } catch (error) {
        if (isNoUpload(error)) return
        throw error
      }
    }
    const left = await listPage(place, 0, 1)
    if (left && left.parts.length > 0) throw new Error(`upload ${place.uploadId} does not go away`)
  }

  const exists = async (place: Place) => (await listPage(place, 0, 1)) !== undefined

  return { create, list, exists, complete, abort }
}

export const sameEtag = (part: Part | undefined, etag: string): boolean =>
  part?.ETag !== undefined && normalizeEtag(part.ETag) === etag
