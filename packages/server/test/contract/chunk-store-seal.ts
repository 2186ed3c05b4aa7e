import { expect, it } from 'vitest'
import { begun, fileOf, put, putAll, readAll, type Store } from './bodies.ts'
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
