import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MAX_BODIES } from '../../src/adapters/chunk-errors.ts'
import {
  begun,
  brokenAfter,
  bytesFor,
  chunkOf,
  inPieces,
  pausedBody,
  sinkPut as put,
  putAll,
  type SinkStore,
  ticketFor,
} from './bodies.ts'
import { upTo } from './samples.ts'

export function sinkBodySentences(store: () => SinkStore): void {
  it('stores a body that has the digest it is said to have, and no other', async () => {
    const upload = await begun(store())
    const [bytes, other] = [bytesFor(upload, 1), bytesFor(upload, 1, 1)]
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const write = (body: Uint8Array) => store().write(ticketFor(upload, 1), inPieces(body), sha256)
    await expect(write(other)).rejects.toMatchObject({ code: 'BadDigest' })
    const lied = { index: 1, etag: createHash('sha256').update(other).digest('hex'), size: 1000 }
    expect(await store().stat(upload, [lied])).toEqual(new Map())
    const stored = await write(bytes)
    expect((await store().stat(upload, [chunkOf(1, stored)])).size).toBe(1)
  })

  it('keeps nothing of a body that breaks off, wherever it does', async () => {
    const upload = await begun(store(), 5000, 5000)
    const bytes = bytesFor(upload, 1)
    for (const length of [0, 1, 2500, 4999, 5000]) {
      await expect(put(store(), upload, 1, brokenAfter(bytes, length))).rejects.toThrow(
        'the connection broke',
      )
    }
    const other = await begun(store(), 5000, 5000)
    const chunk = chunkOf(1, await put(store(), other, 1, bytes))
    expect(await store().stat(upload, [chunk])).toEqual(new Map())
    expect(await put(store(), upload, 1, bytes)).toEqual({ etag: chunk.etag, size: 5000 })
  })

  it('refuses a body that is too short, even by one byte, and keeps nothing', async () => {
    const upload = await begun(store())
    for (const length of [0, 1, 999]) {
      const short = bytesFor(upload, 1).subarray(0, length)
      await expect(put(store(), upload, 1, short)).rejects.toMatchObject({ code: 'IncompleteBody' })
      const size = short.byteLength
      const honest = await begun(store(), size || 1, 1000)
      if (size === 0) continue
      const { etag } = await put(store(), honest, 1, short)
      expect(await store().stat(upload, [{ index: 1, etag, size }])).toEqual(new Map())
    }
  })

  it('refuses a body that is too long, and stops reading it', async () => {
    const upload = await begun(store())
    let pieces = 0
    async function* endless() {
      for (; pieces < 1000; pieces++) yield new Uint8Array(300)
    }
    await expect(put(store(), upload, 1, endless())).rejects.toMatchObject({
      code: 'EntityTooLarge',
    })
    expect(pieces).toBeLessThan(10)
    const oneMore = Buffer.concat([bytesFor(upload, 1), Buffer.from('x')])
    await expect(put(store(), upload, 1, oneMore)).rejects.toMatchObject({ code: 'EntityTooLarge' })
    expect(await put(store(), upload, 1)).toMatchObject({ size: 1000 })
  })

  it('takes a body in pieces of any size, empty ones included', async () => {
    const upload = await begun(store(), 3000, 3000)
    const bytes = bytesFor(upload, 1)
    const { etag } = await put(store(), upload, 1, inPieces(bytes, 3000))
    async function* cut(at: number[]) {
      let from = 0
      for (const to of [...at.toSorted((a, b) => a - b), 3000]) {
        yield new Uint8Array(bytes.subarray(from, to))
        from = to
      }
    }
    const cuts = fc.array(fc.nat(3000), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(cuts, async (at) => {
        expect(await put(store(), upload, 1, cut(at))).toEqual({ etag, size: 3000 })
      }),
      { numRuns: 30 },
    )
  })

  it('does not count the same bytes again as another body', async () => {
    const upload = await begun(store())
    for (const _ of upTo(3 * MAX_BODIES)) await put(store(), upload, 1)
    expect(await put(store(), upload, 1, bytesFor(upload, 1, 1))).toMatchObject({ size: 1000 })
  })

  it('keeps both bodies when other bytes come before the report', async () => {
    const upload = await begun(store())
    const first = await put(store(), upload, 1, bytesFor(upload, 1, 0))
    const second = await put(store(), upload, 1, bytesFor(upload, 1, 1))
    expect(second.etag).not.toBe(first.etag)
    for (const stored of [first, second]) {
      expect(await store().stat(upload, [chunkOf(1, stored)])).toEqual(new Map([[1, stored]]))
    }
  })

  it('refuses a body too many, and counts each chunk for itself', async () => {
    const upload = await begun(store())
    for (let n = 0; n < MAX_BODIES; n++) await put(store(), upload, 1, bytesFor(upload, 1, n))
    const tooMany = bytesFor(upload, 1, MAX_BODIES)
    await expect(put(store(), upload, 1, tooMany)).rejects.toMatchObject({
      code: 'OperationAborted',
    })
    expect(await put(store(), upload, 1, bytesFor(upload, 1, 2))).toMatchObject({ size: 1000 })
    expect(await put(store(), upload, 2)).toMatchObject({ size: 1000 })
  })

  it.each(['abort', 'seal'] as const)('refuses a body that is overtaken by %s', async (end) => {
    const upload = await begun(store())
    const chunks = await putAll(store(), upload)
    const late = pausedBody(bytesFor(upload, 1, 1))
    const putting = put(store(), upload, 1, late.body)
    await late.started
    if (end === 'abort') await store().abort(upload)
    else await store().seal(upload, chunks)
    late.resume()
    await expect(putting).rejects.toMatchObject({ code: 'NoSuchUpload' })
  })
}
