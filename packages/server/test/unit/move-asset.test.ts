import { createHash, hash } from 'node:crypto'
import { join } from 'node:path'
import { PartwayError } from '@partway/protocol'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DamagedError, type FileSource } from '../../src/adapters/fs/source.ts'
import type { ChunkStore } from '../../src/core/ports.ts'
import type { Chunk, Upload } from '../../src/core/types.ts'
import { type AssetMover, DifferentBytesError, moveBytes } from '../../src/server/move/asset.ts'
import { hasBytes, multipartEtag } from '../../src/server/move/compare.ts'
import { createJournals } from '../../src/server/move/journal.ts'
import { createBudget } from '../../src/server/move/parallel.ts'
import { bytesFor } from '../contract/bodies.ts'
import { sampleUpload, T0, upTo } from '../contract/samples.ts'
import { createMemoryPorts, NEVER } from '../support/fakes.ts'
import { temporaryFolder } from '../support/program.ts'
import { sha256 } from '../support/program-files.ts'

const THUMBNAIL = Buffer.from('a thumbnail')

/** A source in memory, whose reads are counted. */
function sourceOf(upload: Upload) {
  const read: number[] = []
  const source: FileSource = {
    async chunk(_ref, { index }) {
      read.push(index)
      return Buffer.from(bytesFor(upload, index))
    },
    files: async () => ['thumbnail.jpg'],
    file: async () => ({
      size: THUMBNAIL.byteLength,
      async *open() {
        yield THUMBNAIL
      },
    }),
  }
  return { source, read }
}

const chunksOf = (upload: Upload): Chunk[] =>
  upTo(upload.totalChunks).map((index) => {
    const bytes = bytesFor(upload, index)
    return { index, etag: sha256(bytes), size: bytes.byteLength, reportedAt: T0 }
  })

async function contentOf(store: ChunkStore, ref: string, end: number): Promise<string> {
  const sum = createHash('sha256')
  for await (const piece of store.open(ref, { start: 0, end })) sum.update(piece)
  return sum.digest('hex')
}

const whole = (upload: Upload): string =>
  sha256(Buffer.concat(upTo(upload.totalChunks).map((index) => bytesFor(upload, index))))

describe('moving the bytes of an asset', () => {
  const upload = sampleUpload()
  const chunks = chunksOf(upload)
  const from = upload.assetId
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let store: ChunkStore
  let counted: number

  beforeEach(async () => {
    folder = await temporaryFolder()
    store = createMemoryPorts().store
    counted = 0
  })
  afterEach(() => folder[Symbol.asyncDispose]())

  const journals = () => createJournals(join(folder.path, 'notes'), 'memory')
  const mover = (changes: Partial<AssetMover> = {}): AssetMover => ({
    ...{ source: sourceOf(upload).source, store, journals: journals() },
    ...{ budget: createBudget(2, 10_000), signal: NEVER },
    onBytes: (count) => {
      counted += count
    },
    ...changes,
  })

  it('brings its chunks and its files, and says what the target calls them', async () => {
    const { object, chunks: moved, storeRef } = await moveBytes(mover(), from, upload, chunks)
    expect(await contentOf(store, object.ref, 2499)).toBe(whole(upload))
    expect(moved).toEqual(chunks)
    expect(storeRef).toBe(upload.id)
    expect((await store.findFile(object.ref, 'thumbnail.jpg'))?.size).toBe(THUMBNAIL.byteLength)
    expect(counted).toBe(2500)
  })

  it('sends only the rest when it was stopped in between', async () => {
    const broken = mover({
      source: {
        ...sourceOf(upload).source,
        chunk: async (_ref, { index }) => {
          if (index === 2) throw new Error('the machine went away')
          return Buffer.from(bytesFor(upload, index))
        },
      },
    })
    await expect(moveBytes(broken, from, upload, chunks)).rejects.toThrow('went away')
    expect(counted).toBe(0)

    const { source, read } = sourceOf(upload)
    const { object } = await moveBytes(mover({ source }), from, upload, chunks)
    expect(read).not.toContain(1)
    expect(read).toContain(2)
    expect(await contentOf(store, object.ref, 2499)).toBe(whole(upload))
    expect(counted).toBe(2500)
  })

  it('sends nothing when it was stopped after sealing', async () => {
    const first = await moveBytes(mover(), from, upload, chunks)
    const { source, read } = sourceOf(upload)
    const again = await moveBytes(mover({ source }), from, upload, chunks)
    expect(read).toEqual([])
    expect(again).toEqual(first)
  })

  it('begins again when its place is gone', async () => {
    const journal = await journals().open(upload.assetId)
    await journal.begin(upload.id)
    const { object } = await moveBytes(mover(), from, upload, chunks)
    expect(await contentOf(store, object.ref, 2499)).toBe(whole(upload))
  })

  it('leaves nothing in the target of what is damaged in the source', async () => {
    const source = {
      ...sourceOf(upload).source,
      file: () => Promise.reject(new DamagedError('thumbnail.jpg cannot be read')),
    }
    const moving = moveBytes(mover({ source }), from, upload, chunks)
    await expect(moving).rejects.toThrow(DamagedError)
    await expect(store.size(from)).rejects.toThrow(PartwayError)
    expect((await journals().open(upload.assetId)).storeRef).toBeUndefined()
  })

  it('leaves nothing in a target that has other bytes than were sent', async () => {
    const lying: ChunkStore = {
      ...store,
      async *open(ref, range) {
        for await (const piece of store.open(ref, range)) yield piece.map((byte) => byte ^ 1)
      },
    }
    const moving = moveBytes(mover({ store: lying }), from, upload, chunks)
    await expect(moving).rejects.toThrow(DifferentBytesError)
    await expect(store.size(from)).rejects.toThrow(PartwayError)
  })

  it('leaves everything where it is when the target cannot be used', async () => {
    const down = new PartwayError('service_unavailable', 'not now')
    const moving = mover({ store: { ...store, seal: () => Promise.reject(down) } })
    await expect(moveBytes(moving, from, upload, chunks)).rejects.toBe(down)
    expect((await journals().open(upload.assetId)).sent.size).toBe(3)
  })
})

describe('the comparison of a sealed object', () => {
  const upload = sampleUpload()
  const chunks = chunksOf(upload)
  const md5s = chunks.map(({ index }) => hash('md5', bytesFor(upload, index), 'hex'))
  const never = async function* () {
    yield* [] as Uint8Array[]
    throw new Error('it was read')
  }

  it('reads nothing where the ETag is the MD5 of the MD5s', async () => {
    // Worked out with another program, for the parts "a", "b".
    const parts = ['a', 'b'].map((part) => hash('md5', part, 'hex'))
    expect(multipartEtag(parts)).toBe('96e024ba2074fe77e8e965ba43a704be-2')
    const store = { size: async () => 2500, open: never }
    const sealed = { ref: 'x', etag: multipartEtag(md5s) }
    expect(await hasBytes(store, sealed, upload, { chunks, md5s })).toBe(true)
  })

  it('reads all of it where the ETag is another', async () => {
    const store = { size: async () => 2500, open: never }
    const sealed = { ref: 'x', etag: multipartEtag([...md5s].reverse()) }
    await expect(hasBytes(store, sealed, upload, { chunks, md5s })).rejects.toThrow('it was read')
  })

  it('fails when the size is another', async () => {
    const store = { size: async () => 2499, open: never }
    const sealed = { ref: 'x', etag: multipartEtag(md5s) }
    expect(await hasBytes(store, sealed, upload, { chunks, md5s })).toBe(false)
  })
})
