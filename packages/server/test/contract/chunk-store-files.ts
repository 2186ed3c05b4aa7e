import { expect, it } from 'vitest'
import {
  begun,
  brokenAfter,
  bytesFor,
  fileOf,
  inPieces,
  putAll,
  readAll,
  type Store,
} from './bodies.ts'
import { race, sampleUpload } from './samples.ts'

async function* text(...pieces: string[]) {
  for (const piece of pieces) yield new TextEncoder().encode(piece)
}

export function fileSentences(store: () => Store): void {
  const sealed = async () => {
    const upload = await begun(store())
    return { upload, ...(await store().seal(upload, await putAll(store(), upload))) }
  }
  async function read(ref: string, name: string, range?: { start: number; end: number }) {
    const file = await store().findFile(ref, name)
    if (!file) return undefined
    const pieces: Uint8Array[] = []
    for await (const piece of file.open(range ?? { start: 0, end: file.size - 1 }))
      pieces.push(piece)
    return Buffer.concat(pieces).toString()
  }

  it('stores chunks that we bring ourselves, the last as short as it is', async () => {
    const upload = await begun(store())
    const chunks = []
    for (const index of [1, 2, 3]) {
      const stored = await store().put(upload, index, inPieces(bytesFor(upload, index), 7))
      chunks.push({ index, ...stored, reportedAt: 0 })
    }
    expect(chunks.map(({ size }) => size)).toEqual([1000, 1000, 500])
    const { ref } = await store().seal(upload, chunks)
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('stores no chunk that is longer than the plan says, or breaks off', async () => {
    const upload = await begun(store())
    const long = inPieces(new Uint8Array(1001), 100)
    await expect(store().put(upload, 1, long)).rejects.toMatchObject({ code: 'EntityTooLarge' })
    await expect(store().put(upload, 1, brokenAfter(bytesFor(upload, 1), 10))).rejects.toThrow()
    const gone = sampleUpload()
    await expect(store().put(gone, 1, inPieces(bytesFor(gone, 1), 10))).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
  })

  it('keeps files with an object, and replaces them', async () => {
    const { ref, upload } = await sealed()
    expect(await store().findFile(ref, 'manifest.m3u8')).toBeUndefined()
    await store().putFile(ref, 'manifest.m3u8', text('#EXT', 'M3U'))
    await store().putFile(ref, 'thumbnail.jpg', text('old'))
    await store().putFile(ref, 'thumbnail.jpg', text('newer'))
    expect(await read(ref, 'manifest.m3u8')).toBe('#EXTM3U')
    expect(await read(ref, 'manifest.m3u8', { start: 1, end: 3 })).toBe('EXT')
    expect(await read(ref, 'thumbnail.jpg')).toBe('newer')
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('keeps the old file when the new one breaks off', async () => {
    const { ref } = await sealed()
    await store().putFile(ref, 'thumbnail.jpg', text('whole'))
    const broken = brokenAfter(new Uint8Array(100), 50)
    await expect(store().putFile(ref, 'thumbnail.jpg', broken)).rejects.toThrow()
    expect(await read(ref, 'thumbnail.jpg')).toBe('whole')
  })

  it('keeps one whole file of many that race', async () => {
    const { ref } = await sealed()
    // One that is overtaken may fail: only whoever holds the lease of an asset should write.
    const writes = await race(8, (i) =>
      store()
        .putFile(ref, 'segment.m4s', text(`${i}`.repeat(1000), `${i}`))
        .then(
          () => true,
          () => false,
        ),
    )
    expect(writes).toContain(true)
    expect(await read(ref, 'segment.m4s')).toMatch(/^(\d)\1{1000}$/)
  })

  it('still seals an object that has files', async () => {
    const { ref, upload } = await sealed()
    await store().putFile(ref, 'thumbnail.jpg', text('a'))
    expect(await store().size(ref)).toBe(2500)
    expect(await read(ref, 'thumbnail.jpg')).toBe('a')
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('frees the files with their object, and keeps none for one that is gone', async () => {
    const { ref } = await sealed()
    await store().putFile(ref, 'thumbnail.jpg', text('a'))
    await store().remove(ref)
    expect(await store().findFile(ref, 'thumbnail.jpg')).toBeUndefined()
    await expect(store().putFile(ref, 'thumbnail.jpg', text('b'))).rejects.toMatchObject({
      code: 'service_unavailable',
    })
  })
}
