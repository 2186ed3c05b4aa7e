import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openFile } from '../../src/node.ts'
import { fromBlob, fromBytes, fromStream } from '../../src/source.ts'
import { readChunk } from '../../src/upload/reader.ts'

const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
const part = (start: number, end: number) => BYTES.slice(start, end)

describe('a source', () => {
  it('reads bytes and blobs anywhere, in any order', async () => {
    for (const source of [
      fromBytes(BYTES, 'a'),
      fromBlob(new Blob([BYTES]), 'a'),
      fromBlob(new File([BYTES], 'a')),
    ]) {
      expect([source.name, source.size]).toEqual(['a', 1000])
      for (const [start, end] of [
        [990, 1000],
        [0, 10],
        [5, 995],
        [7, 7],
      ] as const) {
        expect(await source.read(start, end)).toEqual(part(start, end))
      }
    }
  })

  it('reads a file in place, into memory that is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'partway-source-'))
    const path = join(folder, 'ünï code.bin')
    await writeFile(path, BYTES)
    {
      await using file = await openFile(path)
      expect([file.name, file.size]).toEqual(['ünï code.bin', 1000])
      const into = new Uint8Array(10)
      expect(await file.read(500, 510, into)).toBe(into)
      expect(into).toEqual(part(500, 510))
      await truncate(path, 100)
      await expect(file.read(50, 150)).rejects.toMatchObject({ code: 'file_changed' })
    }
    await expect(openFile(folder)).rejects.toThrow('is not a file')
    await expect(openFile(join(folder, 'none'))).rejects.toThrow('ENOENT')
    await rm(folder, { recursive: true })
  })

  async function* pieces(...sizes: number[]) {
    let at = 0
    for (const size of sizes) {
      yield part(at, at + size)
      at += size
    }
  }

  it('that fails in words of its own fails as an UploadError, whoever reads a chunk', async () => {
    const source = fromStream(
      (async function* () {
        yield part(0, 10)
        throw new Error('EIO')
      })(),
      { name: 'a', size: 20 },
    )
    const plan = { totalSize: 20, chunkSize: 10, totalChunks: 2 }
    expect(await readChunk(source, plan, 1)).toEqual(part(0, 10))
    await expect(readChunk(source, plan, 2)).rejects.toMatchObject({
      ...{ name: 'UploadError', code: 'file_unreadable', message: 'a cannot be read: EIO' },
    })
  })

  it('lets go of a stream that is not read to its end, also while it hangs', async () => {
    let cancelled = 0
    const hangs = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled += 1
      },
    })
    const source = fromStream(hangs, { name: 'a', size: 1000 })
    const read = source.read(0, 10)
    source.cancel!()
    await expect(read).rejects.toMatchObject({ code: 'file_changed' })
    expect(cancelled).toBe(1)

    let returned = false
    async function* generated() {
      try {
        yield part(0, 10)
        yield part(10, 1000)
      } finally {
        returned = true
      }
    }
    const other = fromStream(generated(), { name: 'a', size: 1000 })
    await other.read(0, 10)
    other.cancel!()
    await expect.poll(() => returned).toBe(true)
  })

  it('reads a stream once, in order, whatever its pieces', async () => {
    const source = fromStream(pieces(1, 0, 299, 650, 50), { name: 'a', size: 1000 })
    const reads = [
      [0, 400],
      [400, 800],
      [800, 1000],
    ] as const
    const all = await Promise.all(reads.map(([start, end]) => source.read(start, end)))
    expect(Buffer.concat(all)).toEqual(Buffer.from(BYTES))
    await expect(source.read(0, 1)).rejects.toThrow('only be read in order')
  })

  it('reads a web stream', async () => {
    const source = fromStream(new Blob([BYTES]).stream(), { name: 'a', size: 1000 })
    expect(await source.read(0, 1000)).toEqual(BYTES)
  })

  it('says so when a stream is shorter than it should be', async () => {
    const source = fromStream(pieces(500), { name: 'a', size: 1000 })
    await source.read(0, 400)
    await expect(source.read(400, 800)).rejects.toMatchObject({ code: 'file_changed' })
  })
})
