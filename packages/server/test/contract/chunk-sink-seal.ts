import { expect, it } from 'vitest'
import {
  begun,
  brokenAfter,
  bytesFor,
  chunkOf,
  fileOf,
  inPieces,
  provenIn,
  sinkPut as put,
  putAll,
  readAll,
  type SinkStore,
} from './bodies.ts'
import { race } from './samples.ts'

/** The proof selects the body: where a chunk may have several. */
export function sinkSealSentences(store: () => SinkStore): void {
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
}
