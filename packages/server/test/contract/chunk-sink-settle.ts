import { expect, it } from 'vitest'
import {
  begun,
  bytesFor,
  chunkOf,
  pausedBody,
  sinkPut as put,
  putAll,
  readAll,
  type SinkStore,
} from './bodies.ts'

export function settleSentences(store: () => SinkStore): void {
  const settled = async () => {
    const upload = await begun(store())
    const chunk = chunkOf(1, await put(store(), upload, 1))
    await store().settle(upload, [chunk])
    return { upload, chunk }
  }

  it('still answers identical bytes with the stored ETag', async () => {
    const { upload, chunk } = await settled()
    expect(await put(store(), upload, 1)).toEqual({ etag: chunk.etag, size: 1000 })
  })

  it('refuses other bytes and keeps what was proven', async () => {
    const { upload, chunk } = await settled()
    await expect(put(store(), upload, 1, bytesFor(upload, 1, 1))).rejects.toMatchObject({
      code: 'OperationAborted',
    })
    expect(await store().stat(upload, [chunk])).toEqual(
      new Map([[1, { etag: chunk.etag, size: 1000 }]]),
    )
  })

  it('refuses other bytes that had arrived before the report, too', async () => {
    const upload = await begun(store())
    const proven = chunkOf(1, await put(store(), upload, 1, bytesFor(upload, 1, 0)))
    await put(store(), upload, 1, bytesFor(upload, 1, 1))
    await store().settle(upload, [proven])
    await expect(put(store(), upload, 1, bytesFor(upload, 1, 1))).rejects.toMatchObject({
      code: 'OperationAborted',
    })
    expect(await put(store(), upload, 1)).toMatchObject({ etag: proven.etag })
  })

  it('refuses other bytes that were on their way when the report came', async () => {
    const { upload } = await settled()
    const other = await begun(store())
    const late = pausedBody(bytesFor(other, 2, 1))
    const chunk = chunkOf(2, await put(store(), other, 2))
    const putting = put(store(), other, 2, late.body)
    await late.started
    await store().settle(other, [chunk])
    late.resume()
    await expect(putting).rejects.toMatchObject({ code: 'OperationAborted' })
    expect(await put(store(), upload, 2)).toMatchObject({ size: 1000 })
  })

  it('settles only the chunks it is told of', async () => {
    const { upload } = await settled()
    expect(await put(store(), upload, 2, bytesFor(upload, 2, 0))).toMatchObject({ size: 1000 })
    expect(await put(store(), upload, 2, bytesFor(upload, 2, 1))).toMatchObject({ size: 1000 })
  })

  it('can be told twice, of nothing, and of an upload that was sealed meanwhile', async () => {
    const { upload, chunk } = await settled()
    await store().settle(upload, [])
    await store().settle(upload, [chunk])
    const chunks = await putAll(store(), upload)
    await store().settle(upload, chunks)
    const { ref } = await store().seal(upload, chunks)
    await store().settle(upload, chunks)
    expect(await readAll(store(), ref, upload)).toHaveLength(2500)
  })
}
