import { expect, it } from 'vitest'
import {
  begun,
  brokenAfter,
  bytesFor,
  chunkOf,
  fileOf,
  inPieces,
  provenIn,
  put,
  putAll,
  readAll,
  type Store,
} from './bodies.ts'
import { race } from './samples.ts'

export function sealSentences(store: () => Store): void {
  it('makes the chunks the bytes of one object', async () => {
    const upload = await begun(store())
    const { ref, etag } = await store().seal(upload, await putAll(store(), upload))
    expect(etag).toMatch(/^[^"\s]+$/)
    expect(await store().size(ref)).toBe(2500)
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('puts twelve chunks in numeric order', async () => {
    const upload = await begun(store(), 12 * 10, 10)
    const { ref } = await store().seal(upload, await putAll(store(), upload))
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('seals a file of one byte', async () => {
    const upload = await begun(store(), 1, 1000)
    const { ref } = await store().seal(upload, await putAll(store(), upload))
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('gives the same object when it is repeated', async () => {
    const upload = await begun(store())
    const chunks = await putAll(store(), upload)
    const sealed = await store().seal(upload, chunks)
    expect(await store().seal(upload, chunks)).toEqual(sealed)
    expect(await readAll(store(), sealed.ref, upload)).toEqual(fileOf(upload))
  })

  it('gives every racing caller the same object', async () => {
    const upload = await begun(store())
    const chunks = await putAll(store(), upload)
    const sealed = await race(8, () => store().seal(upload, chunks))
    for (const object of sealed) expect(object).toEqual(sealed[0])
    expect(await readAll(store(), sealed[0]!.ref, upload)).toEqual(fileOf(upload))
  })

  it('gives every racing caller the same object when there are bodies to drop', async () => {
    const upload = await begun(store(), 40, 10)
    const chunks = await putAll(store(), upload, 0)
    await putAll(store(), upload, 1)
    await putAll(store(), upload, 2)
    const sealed = await race(8, () => store().seal(upload, chunks))
    for (const object of sealed) expect(object).toEqual(sealed[0])
    expect(await readAll(store(), sealed[0]!.ref, upload)).toEqual(fileOf(upload))
  })

  it('seals while bodies break off and repeat beside it', async () => {
    for (let round = 0; round < 10; round++) {
      const upload = await begun(store(), 40, 10)
      const chunks = await putAll(store(), upload)
      const others = chunks.flatMap(({ index }) => [
        put(store(), upload, index, brokenAfter(bytesFor(upload, index, 3), round)),
        put(store(), upload, index, inPieces(bytesFor(upload, index), 1 + round)),
        put(store(), upload, index, inPieces(bytesFor(upload, index, 4), 1 + round)),
      ])
      const ending = Promise.allSettled(others)
      const { ref } = await store().seal(upload, chunks)
      await ending
      expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
    }
  })

  it('takes the bodies that were proven, and drops every other', async () => {
    const upload = await begun(store())
    const unproven = await putAll(store(), upload, 1)
    const chunks = await putAll(store(), upload, 0)
    await put(store(), upload, 2, bytesFor(upload, 2, 2))
    const { ref } = await store().seal(upload, chunks)
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload, 0))
    expect(await store().size(ref)).toBe(2500)
    expect(await provenIn(store(), upload, unproven)).toEqual([])
  })

  it('mixes bodies of different PUTs just as they were proven', async () => {
    const upload = await begun(store())
    const [older, newer] = [await putAll(store(), upload, 0), await putAll(store(), upload, 1)]
    const { ref } = await store().seal(upload, [older[0]!, newer[1]!, older[2]!])
    const expected = [0, 1, 0].map((variant, i) => bytesFor(upload, i + 1, variant))
    expect(await readAll(store(), ref, upload)).toEqual(Buffer.concat(expected))
  })

  it('keeps two bodies apart that arrive interleaved', async () => {
    const upload = await begun(store(), 3000, 3000)
    const stored = await Promise.all(
      [0, 1].map((v) => put(store(), upload, 1, inPieces(bytesFor(upload, 1, v), 100))),
    )
    const { ref } = await store().seal(upload, [chunkOf(1, stored[1]!)])
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload, 1))
  })

  it('does not seal a chunk that is not there, and can be repeated when it is', async () => {
    const upload = await begun(store())
    const elsewhere = await begun(store())
    const chunks = await putAll(store(), elsewhere)
    await put(store(), upload, 1)
    await put(store(), upload, 3)
    await expect(store().seal(upload, chunks)).rejects.toThrow()
    await put(store(), upload, 2)
    const { ref } = await store().seal(upload, chunks)
    expect(await readAll(store(), ref, upload)).toEqual(fileOf(upload))
  })

  it('gives an ETag that changes with the bytes', async () => {
    const uploads = await race(3, () => begun(store()))
    const etags = await Promise.all(
      uploads.map(async (upload, i) => {
        const chunks = await putAll(store(), upload, Math.min(i, 1))
        return (await store().seal(upload, chunks)).etag
      }),
    )
    expect(etags[0]).not.toBe(etags[1])
    expect(etags[1]).toBe(etags[2])
  })
}
