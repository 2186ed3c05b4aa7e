import type { UploadPartCommandInput } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import type { Bucket } from '../../src/adapters/s3/bucket.ts'
import { createKeys } from '../../src/adapters/s3/keys.ts'
import { createPut } from '../../src/adapters/s3/put.ts'
import { sampleUpload } from '../contract/samples.ts'

describe('a chunk that the server brings to S3', () => {
  /** What would be sent of these pieces. */
  async function sent(...pieces: Uint8Array[]): Promise<UploadPartCommandInput> {
    let input: UploadPartCommandInput | undefined
    const client = {
      async send(command: { input: UploadPartCommandInput }) {
        input = command.input
        return { ETag: '"etag"' }
      },
    }
    const put = createPut({ client, bucket: 'films' } as unknown as Bucket, createKeys(''))
    async function* body() {
      yield* pieces
    }
    await put(sampleUpload(), 1, body())
    return input!
  }

  it('is not copied when it comes in one piece', async () => {
    const piece = new Uint8Array(Buffer.from('(one)')).subarray(1, 4)
    const { Body, ContentLength, ContentMD5 } = await sent(piece)
    expect(Body).toBe(piece)
    expect({ ContentLength, ContentMD5 }).toEqual({
      ...{ ContentLength: 3, ContentMD5: '+XxdKZQb+xsv2rCHSQargg==' },
    })
  })

  it('is put together when it comes in several', async () => {
    const { Body } = await sent(Buffer.from('on'), Buffer.from('e'))
    expect(Body).toEqual(Buffer.from('one'))
  })
})
