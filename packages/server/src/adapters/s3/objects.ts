import type { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { normalizeEtag } from '@partway/protocol'
import { ASKING, type Bucket } from './bucket.ts'
import { isMissing, storeError } from './errors.ts'

export interface FoundObject {
  size: number
  /** Normalised. */
  etag: string
}

export type Objects = ReturnType<typeof createObjects>

/** Whole objects of a bucket. What is thrown is the SDK's, but for `read`. */
export function createObjects({ client, bucket: Bucket }: Bucket) {
  async function find(Key: string): Promise<FoundObject | undefined> {
    try {
      const { ContentLength, ETag } = await client.send(
        new HeadObjectCommand({ Bucket, Key }),
        ASKING,
      )
      // Not taken for empty: an upload whose object has another size than was planned fails.
      if (ContentLength === undefined) throw new Error(`the store does not say how large ${Key} is`)
      return { size: ContentLength, etag: normalizeEtag(ETag ?? '') }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Bytes `start` to `end` (inclusive). @throws what `missing` gives when there is no such object */
  async function* read(
    Key: string,
    { start, end }: { start: number; end: number },
    missing: () => unknown,
  ): AsyncGenerator<Uint8Array> {
    try {
      const Range = `bytes=${start}-${end}`
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }), ASKING)
      let received = 0
      // A reader that stops ends the loop, and the loop the connection.
      for await (const piece of Body as Readable) {
        received += piece.byteLength
        yield piece
      }
      if (received !== end - start + 1) {
        throw new Error(`the store sent ${received} bytes of ${Key} instead of ${end - start + 1}`)
      }
    } catch (error) {
      throw isMissing(error) ? missing() : storeError(error)
    }
  }

  async function remove(Key: string): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket, Key }), ASKING)
  }

  /** Removes every object whose key begins so. */
  async function removeAll(Prefix: string): Promise<void> {
    // One by one: DeleteObjects needs checksums that stores do not agree on.
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client },
      { Bucket, Prefix },
      ASKING,
    )) {
      const keys = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]))
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        await Promise.all(keys.slice(at, at + AT_ONCE).map(remove))
      }
    }
  }

  return { find, read, remove, removeAll }
}

const AT_ONCE = 16
