import { describe, expect, it } from 'vitest'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import type { Chunk } from '../../src/core/types.ts'
import { begun, bytesFor, chunkOf, fileOf, readAll } from '../contract/bodies.ts'
import { upTo } from '../contract/samples.ts'
import { startProxy } from '../support/proxy.ts'
import { s3Missing, s3Options } from '../support/s3.ts'
import { throughUrls } from '../support/s3-put.ts'

const PARTS = 2345

describe.skipIf(s3Missing)('an upload of thousands of parts on Ceph', () => {
  it('is proven page by page, and only where there is something to prove', async () => {
    const options = await s3Options()
    await using proxy = await startProxy(options.endpoint!)
    const direct = throughUrls(openS3Store(options))
    const store = openS3Store({ ...options, endpoint: proxy.url })
    const upload = await begun(direct, PARTS * 3, 3)
    const chunks: Chunk[] = []
    for (let at = 1; at <= PARTS; at += 50) {
      const batch = upTo(PARTS).slice(at - 1, at + 49)
      const stored = batch.map(async (index) =>
        chunkOf(index, await direct.writeChunk(upload, index, bytesFor(upload, index))),
      )
      chunks.push(...(await Promise.all(stored)))
    }
    const indexesOf = async (claims: Chunk[]) => [...(await store.stat(upload, claims)).keys()]
    const asked = () => proxy.exchanges.splice(0).length

    expect(await indexesOf(chunks)).toHaveLength(PARTS)
    expect(asked()).toBe(3)
    expect(await indexesOf(chunks.slice(2000, 2050))).toEqual(upTo(2050).slice(2000))
    expect(asked()).toBe(1)
    const [first, last] = [chunks[0]!, chunks.at(-1)!]
    expect(await indexesOf([last, first])).toEqual([PARTS, 1])
    expect(asked()).toBe(2)
    expect(await indexesOf([{ ...last, index: PARTS + 1 }])).toEqual([])

    const { ref } = await store.seal(upload, chunks)
    expect(await readAll(direct, ref, upload)).toEqual(fileOf(upload))
  })
})
