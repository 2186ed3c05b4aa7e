import { describe, expect, it } from 'vitest'
import { createKeys } from '../../src/adapters/s3/keys.ts'
import type { Multipart } from '../../src/adapters/s3/multipart.ts'
import type { FoundObject, Objects } from '../../src/adapters/s3/objects.ts'
import { createSeal } from '../../src/adapters/s3/seal.ts'
import { ChunksLostError, SealRefusedError } from '../../src/core/ports.ts'
import { sampleUpload, upTo } from '../contract/samples.ts'

const upload = sampleUpload()
const chunks = upTo(upload.totalChunks).map((index) => ({
  ...{ index, etag: `etag${index}`, size: 1000, reportedAt: 0 },
}))
const whole = { size: upload.totalSize, etag: 'whole' }

const refusal = (name: string, httpStatusCode = 400) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } })

/** Seals on a store that answers Complete with `failure`, and has these parts and this object. */
function sealOn(failure: Error | undefined, object: FoundObject | undefined, parts = chunks) {
  const listed = new Map(parts.map(({ index, etag }) => [index, { ETag: `"${etag}"` }]))
  const multipart: Pick<Multipart, 'complete' | 'list' | 'exists'> = {
    async complete() {
      if (failure) throw failure
    },
    list: async () => listed,
    exists: async () => true,
  }
  const objects: Pick<Objects, 'find'> = { find: async () => object }
  const seal = createSeal(createKeys(''), multipart as Multipart, objects as Objects)
  return seal(upload, chunks)
}

describe('sealing on S3', () => {
  it('takes an object that is there for done, also when its parts are said to be invalid', async () => {
    const done = { ref: upload.assetId, etag: 'whole' }
    expect(await sealOn(refusal('InvalidPart'), whole, [])).toEqual(done)
    expect(await sealOn(refusal('InvalidPart'), whole)).toEqual(done)
    expect(await sealOn(refusal('InvalidRequest'), whole)).toEqual(done)
  })

  it('names the lost chunks when there is no object', async () => {
    await expect(sealOn(refusal('InvalidPart'), undefined, chunks.slice(1))).rejects.toEqual(
      new ChunksLostError([1]),
    )
  })

  it('is refused for good when the object has another size', async () => {
    await expect(sealOn(undefined, { ...whole, size: 2499 })).rejects.toEqual(
      new SealRefusedError('what it made of them has 2499 bytes instead of 2500'),
    )
  })

  it.each(['EntityTooSmall', 'EntityTooLarge', 'InvalidPartOrder', 'InvalidRequest'])(
    'is refused for good by %s',
    async (name) => {
      await expect(sealOn(refusal(name), undefined)).rejects.toBeInstanceOf(SealRefusedError)
    },
  )

  it.each([
    ['AccessDenied', 403],
    ['OperationAborted', 409],
    ['SlowDown', 429],
    ['RequestTimeout', 400],
    ['ExpiredToken', 400],
    ['InvalidPart', 400],
    ['InternalError', 500],
  ])('may succeed at another try after %s', async (name, status) => {
    const failure = refusal(name, status)
    await expect(sealOn(failure, undefined)).rejects.toBe(failure)
  })
})
