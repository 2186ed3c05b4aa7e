import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { describe, expect, it } from 'vitest'
import { createMemoryMetadata } from '../../src/adapters/memory/metadata.ts'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import { createIngest } from '../../src/core/ingest.ts'
import type { Metadata } from '../../src/core/ports.ts'
import type { Upload } from '../../src/core/types.ts'
import { bytesFor, chunkOf, fileOf, inPieces, readAll } from '../contract/bodies.ts'
import { assetFor, newId, smallPlan } from '../contract/samples.ts'
import { s3Client, s3Missing, s3Options } from '../support/s3.ts'
import { throughUrls } from '../support/s3-put.ts'

const LEASE = 60_000

/** Bringing files into a bucket ourselves, and what is left in it. */
async function createIngestWorld(change: (metadata: Metadata) => Partial<Metadata> = () => ({})) {
  const options = await s3Options()
  const memory = createMemoryMetadata()
  const metadata = { ...memory, ...change(memory) }
  const store = openS3Store(options)
  const max = 100 * 2 ** 20
  const ingest = createIngest({
    ...{ metadata, store, clock: Date.now, newId, ttlMs: LEASE },
    maxSize: { video: max, audio: max, image: max, document: max },
  })
  const client = s3Client()
  const inBucket = { Bucket: options.bucket }

  async function claimed() {
    const of = { account: 'alice', method: 'url', filename: 'a.mp4', type: 'video' } as const
    await ingest.begin(of, assetFor, 'https://example.com/a.mp4')
    const { upload, until } = (await metadata.claimImport(Date.now(), LEASE))!
    return { upload, until }
  }
  const putOne = (upload: Upload, index: number, variant: number) =>
    ingest.putChunk(
      upload,
      index,
      inPieces(bytesFor({ ...upload, chunkSize: 1000 }, index, variant)),
    )

  return {
    ...{ store, ingest, metadata, claimed, putOne },
    /** The UploadIds of what is not sealed. */
    async uploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand(inBucket))
      return Uploads.map(({ UploadId }) => UploadId)
    },
    async objects() {
      return (await client.send(new ListObjectsV2Command(inBucket))).KeyCount
    },
  }
}

describe.skipIf(s3Missing)('a file that is fetched into Ceph', () => {
  it('begins afresh in a place of its own, and nothing of the old one is left', async () => {
    const world = await createIngestWorld()
    const { upload, until } = await world.claimed()
    for (const index of [1, 2, 3, 4]) await world.putOne(upload, index, 1)

    const again = await world.ingest.restart(upload, until)

    expect(again.storeRef).not.toBe(upload.storeRef)
    expect(await world.uploads()).toEqual([again.storeRef])
    expect(await world.metadata.findUpload('alice', upload.id)).toMatchObject({
      ...{ storeRef: again.storeRef, chunksCompleted: 0 },
    })
    // Whoever still writes to the old place finds it gone.
    await expect(world.putOne(upload, 1, 1)).rejects.toMatchObject({ code: 'NoSuchUpload' })
    // Ceph seals nothing while a part is left out: the fourth of the first try is really gone.
    const plan = { ...again, ...smallPlan(2500, 1000) }
    const chunks = []
    for (const index of [1, 2, 3]) {
      const stored = await world.store.put(plan, index, inPieces(bytesFor(plan, index, 2)))
      chunks.push(chunkOf(index, stored))
    }
    const { ref } = await world.store.seal(plan, chunks)
    expect(await readAll(throughUrls(world.store), ref, plan)).toEqual(fileOf(plan, 2))
    expect(await world.uploads()).toEqual([])
  })

  it('stays as it is for whoever has lost the lease', async () => {
    const world = await createIngestWorld()
    const { upload, until } = await world.claimed()
    await world.putOne(upload, 1, 1)
    await expect(world.ingest.restart(upload, until - 1)).rejects.toThrow('somebody else')
    expect(await world.uploads()).toEqual([upload.storeRef])
    expect(await world.metadata.findUpload('alice', upload.id)).toMatchObject({
      ...{ storeRef: upload.storeRef, chunksCompleted: 1 },
    })
  })

  it('never loses its place when the database does not answer', async () => {
    let fail = true
    const world = await createIngestWorld((memory) => ({
      async restartIngest(...args) {
        const done = await memory.restartIngest(...args)
        if (fail) throw new Error('the answer was lost')
        return done
      },
    }))
    const { upload, until } = await world.claimed()
    await world.putOne(upload, 1, 1)
    await expect(world.ingest.restart(upload, until)).rejects.toThrow('the answer was lost')
    const recorded = (await world.metadata.findUpload('alice', upload.id))!
    expect(await world.uploads()).toContain(recorded.storeRef)
    fail = false
    const again = await world.ingest.restart(recorded, until)
    expect(await world.uploads()).toContain(again.storeRef)
  })

  it('leaves nothing behind when it is given up after a new beginning', async () => {
    const world = await createIngestWorld()
    const { upload, until } = await world.claimed()
    const again = await world.ingest.restart(upload, until)
    await world.putOne(again, 1, 1)
    // As whoever claimed it knew it.
    await world.ingest.discard(upload, 'given up')
    expect(await world.uploads()).toEqual([])
    expect(await world.objects()).toBe(0)
  })
})
