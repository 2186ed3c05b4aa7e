import { Readable } from 'node:stream'
import { Upload as StreamUpload } from '@aws-sdk/lib-storage'
import type { ChunkStore } from '../../core/ports.ts'
import { contentMissing } from '../object-errors.ts'
import type { Bucket } from './bucket.ts'
import { guarded, storeError } from './errors.ts'
import type { Keys } from './keys.ts'
import type { Objects } from './objects.ts'

/** Keeps what was made from an object beside it. */
export function createDerivedFiles(
  { client, bucket }: Bucket,
  keys: Keys,
  objects: Objects,
): Pick<ChunkStore, 'putFile' | 'dropFile' | 'findFile'> {
  async function putFile(
    ref: string,
    name: string,
    body: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const Key = keys.file(ref, name)
    await guarded(() => requireObject(ref))
    let broken: { error: unknown } | undefined
    async function* watched() {
      try {
        yield* body
      } catch (error) {
        broken = { error }
        throw error
      }
    }
    const Body = Readable.from(watched(), { objectMode: false })
    try {
      await new StreamUpload({
        ...{ client, params: { Bucket: bucket, Key, Body } },
        // One piece of 5 MiB at a time: what makes a file is slower than the store.
        queueSize: 1,
      }).done()
    } catch (error) {
      // A body that breaks off is not the store's fault.
      throw broken ? broken.error : storeError(error)
    } finally {
      Body.destroy()
    }
    // Once more, because it may have been freed since, and our file have come after that.
    await guarded(() =>
      requireObject(ref).catch(async (error) => {
        await objects.remove(Key)
        throw error
      }),
    )
  }

  /** Nothing for an object that was freed meanwhile: nobody would ever look here again. */
  async function requireObject(ref: string): Promise<void> {
    if (!(await objects.find(keys.object(ref)))) throw contentMissing(ref)
  }

  return {
    putFile,
    dropFile: (ref, name) => guarded(() => objects.remove(keys.file(ref, name))),
    findFile: (ref, name) =>
      guarded(async () => {
        const key = keys.file(ref, name)
        const found = await objects.find(key)
        if (!found) return undefined
        return {
          ...found,
          open: (range) => objects.read(key, range, () => contentMissing(ref)),
        }
      }),
  }
}
