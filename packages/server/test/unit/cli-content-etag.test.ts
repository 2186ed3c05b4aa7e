import { createHash, randomBytes } from 'node:crypto'
import { fromBytes } from '@partway/client/node'
import { planChunks } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import { etagOf, type Manifest } from '../../src/adapters/fs/manifest.ts'
import { chunkSizesFor, contentDigests, parseContentEtag } from '../../src/cli/content-etag.ts'

const MiB = 1024 * 1024

describe('the ETag of content', () => {
  it('is computed from a file as the store computes it', async () => {
    const bytes = randomBytes(3 * MiB + 5)
    const source = fromBytes(bytes, 'film.mp4')
    for (const chunkSize of [MiB, 700_001, 2 * MiB, 4 * MiB]) {
      const chunks: string[] = []
      for (let at = 0; at < bytes.byteLength; at += chunkSize) {
        const chunk = bytes.subarray(at, at + chunkSize)
        chunks.push(createHash('sha256').update(chunk).digest('hex'))
      }
      const etag = parseContentEtag(`"${etagOf({ chunks } as Manifest)}"`)!

      expect(etag.chunks).toBe(chunks.length)
      expect(await contentDigests(source, [5 * MiB, chunkSize], etag.kind)).toContain(etag.digest)
    }
  })

  it('is computed from a file as S3 computes it', async () => {
    const bytes = randomBytes(3 * MiB + 5)
    const md5s: Buffer[] = []
    for (let at = 0; at < bytes.byteLength; at += MiB) {
      md5s.push(
        createHash('md5')
          .update(bytes.subarray(at, at + MiB))
          .digest(),
      )
    }
    const whole = createHash('md5').update(Buffer.concat(md5s)).digest('hex')
    const etag = parseContentEtag(`"${whole}-4"`)!

    expect(etag).toEqual({ digest: whole, chunks: 4, kind: 'md5' })
    expect(await contentDigests(fromBytes(bytes, 'film.mp4'), [MiB], 'md5')).toEqual([whole])
  })

  it('is told from the ETags of other stores', () => {
    expect(parseContentEtag(`W/"${'a'.repeat(64)}-12"`)).toEqual({
      ...{ digest: 'a'.repeat(64), chunks: 12, kind: 'sha256' },
    })
    for (const other of ['', '"abc"', `"${'a'.repeat(32)}"`, `"${'a'.repeat(40)}-3"`]) {
      expect(parseContentEtag(other)).toBeUndefined()
    }
  })
})

describe('the chunk sizes that fit', () => {
  it.each([1, 5 * MiB, 100 * MiB, 600 * MiB, 3 * 1024 * MiB, 1024 * 1024 * MiB])(
    'hold that of the plan, and few others, for %i bytes',
    (size) => {
      const { chunkSize, totalChunks } = planChunks(size)
      const sizes = chunkSizesFor(size, totalChunks)

      expect(sizes[0]).toBe(totalChunks === 1 ? size : chunkSize)
      expect(sizes.length).toBeLessThanOrEqual(2)
    },
  )

  it('hold that of a file whose length was not known when it came', () => {
    expect(chunkSizesFor(100 * MiB, 7)).toEqual([16 * MiB])
    expect(chunkSizesFor(100 * MiB, 9)).toEqual([])
  })
})
