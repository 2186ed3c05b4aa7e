import { expect, it } from 'vitest'
import { begun, collect, fileOf, provenIn, put, putAll, readAll, type Store } from './bodies.ts'
import { race, sampleUpload } from './samples.ts'

export function endSentences(store: () => Store): void {
  const isGone = async (ref: string) => {
    await expect(collect(store().open(ref, { start: 0, end: 0 }))).rejects.toThrow()
  }

  it('begins a place of its own for each upload', async () => {
    const uploads = await race(5, () => begun(store()))
    expect(new Set(uploads.map(({ storeRef }) => storeRef)).size).toBe(5)
  })

  it('frees the chunks of an aborted upload, and can be told twice', async () => {
    const upload = await begun(store())
    const chunks = await putAll(store(), upload)
    await store().abort(upload)
    await store().abort(upload)
    expect(await provenIn(store(), upload, chunks)).toEqual([])
    await expect(store().seal(upload, chunks)).rejects.toThrow()
  })

  it('aborts an upload that never began', async () => {
    await expect(store().abort(sampleUpload())).resolves.toBeUndefined()
  })

  it('frees the object of an upload that is aborted after its seal', async () => {
    const upload = await begun(store())
    const { ref } = await store().seal(upload, await putAll(store(), upload))
    await store().abort(upload)
    await store().abort(upload)
    await isGone(ref)
  })

  it('frees a sealed object, and can be told twice', async () => {
    const upload = await begun(store())
    const { ref } = await store().seal(upload, await putAll(store(), upload))
    await store().remove(ref)
    await store().remove(ref)
    await isGone(ref)
  })

  it('leaves every other upload and object alone', async () => {
    const [open, sealed, aborted, removed] = await Promise.all(
      [1, 2, 3, 4].map(() => begun(store())),
    )
    const chunks = await putAll(store(), open!)
    const kept = await store().seal(sealed!, await putAll(store(), sealed!))
    const gone = await store().seal(removed!, await putAll(store(), removed!))
    await store().abort(aborted!)
    await store().remove(gone.ref)
    expect(await provenIn(store(), open!, chunks)).toEqual([1, 2, 3])
    expect(await readAll(store(), kept.ref, sealed!)).toEqual(fileOf(sealed!))
  })

  it('gives an upload an empty place, once that is recorded', async () => {
    const upload = await begun(store())
    const chunks = await putAll(store(), upload)
    const storeRef = await store().empty(upload, async (ref) => {
      expect(ref).not.toBe('')
      expect(await provenIn(store(), upload, chunks)).toEqual([1, 2, 3])
      return true
    })
    const emptied = { ...upload, storeRef: storeRef! }
    expect(await provenIn(store(), emptied, chunks)).toEqual([])
    expect(await provenIn(store(), upload, chunks)).toEqual([])
    await put(store(), emptied, 2)
    expect(await provenIn(store(), emptied, chunks)).toEqual([2])
    const { ref } = await store().seal(emptied, await putAll(store(), emptied))
    expect(await readAll(store(), ref, emptied)).toEqual(fileOf(emptied))
  })

  it('keeps what an upload has when its empty place is not recorded', async () => {
    const upload = await begun(store())
    const chunks = await putAll(store(), upload)
    expect(await store().empty(upload, async () => false)).toBeUndefined()
    await expect(
      store().empty(upload, async () => Promise.reject(new Error('no database'))),
    ).rejects.toThrow('no database')
    expect(await provenIn(store(), upload, chunks)).toEqual([1, 2, 3])
    expect((await store().seal(upload, chunks)).ref).toBe(upload.assetId)
  })
}
