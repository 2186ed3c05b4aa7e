import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Claim } from '../../src/core/types.ts'
import { begun, chunkOf, provenIn, put, putAll, type Store, ticketFor } from './bodies.ts'
import { race, sampleUpload } from './samples.ts'

export function bodySentences(store: () => Store): void {
  it('answers a ping', async () => {
    await expect(store().ping()).resolves.toBeUndefined()
  })

  it('proves a stored chunk by its ETag, and only under its own index and upload', async () => {
    const [upload, other] = [await begun(store()), await begun(store())]
    const stored = await put(store(), upload, 1)
    expect(stored).toEqual({ etag: expect.stringMatching(/^[\w-]+$/), size: 1000 })
    const claim = chunkOf(1, stored)
    expect(await store().stat(upload, [claim])).toEqual(new Map([[1, stored]]))
    expect(await store().stat(upload, [{ ...claim, index: 2 }])).toEqual(new Map())
    expect(await store().stat(other, [claim])).toEqual(new Map())
  })

  it('finds of many claims exactly those that are there', async () => {
    const upload = await begun(store())
    const [first, , third] = await putAll(store(), upload)
    const lie = { ...first!, index: 2 }
    expect(await provenIn(store(), upload, [third!, lie, first!])).toEqual([1, 3])
    expect(await store().stat(upload, [])).toEqual(new Map())
  })

  it('says the size that is stored, whatever the claim says', async () => {
    const upload = await begun(store())
    const chunk = chunkOf(3, await put(store(), upload, 3))
    const found = await store().stat(upload, [{ ...chunk, size: 12 }])
    expect(found.get(3)).toEqual({ etag: chunk.etag, size: 500 })
  })

  it.each([
    '../../x',
    '',
    '.',
    '/etc/passwd',
    'a'.repeat(100_000),
    '日本語🎬',
    '\0',
    `${'a'.repeat(63)}\n`,
    `${'a'.repeat(64)}/../1`,
    '__proto__',
    'constructor',
    '%00',
  ])('finds nothing, and does not stumble, for a hostile ETag (%#)', async (etag) => {
    const upload = await begun(store())
    await putAll(store(), upload)
    const claims: Claim[] = [0, 1, -1, 1.5, 10_001].map((index) => ({ index, etag, size: 1000 }))
    expect(await store().stat(upload, claims)).toEqual(new Map())
  })

  it('finds nothing for any text that is not an ETag it gave', async () => {
    const upload = await begun(store())
    const { etag } = await put(store(), upload, 1)
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF') }),
      fc.constantFrom(etag.toUpperCase(), `"${etag}"`, ` ${etag}`, `${etag} `, etag.slice(1)),
    )
    await fc.assert(
      fc.asyncProperty(text, async (other) => {
        fc.pre(other !== etag)
        expect(await store().stat(upload, [{ index: 1, etag: other, size: 1 }])).toEqual(new Map())
      }),
    )
  })

  it('takes a body larger than any buffer on the way', async () => {
    const upload = await begun(store(), 3 * 2 ** 20 + 1, 2 ** 21)
    const chunks = await putAll(store(), upload)
    expect(await provenIn(store(), upload, chunks)).toEqual([1, 2])
  })

  it('answers the same for the same bytes again', async () => {
    const upload = await begun(store())
    const first = await put(store(), upload, 1)
    expect(await put(store(), upload, 1)).toEqual(first)
    const atOnce = await race(8, () => put(store(), upload, 1))
    expect(new Set(atOnce.map(({ etag }) => etag))).toEqual(new Set([first.etag]))
    expect(await store().stat(upload, [chunkOf(1, first)])).toEqual(new Map([[1, first]]))
  })

  it.each(['never begun', 'aborted', 'sealed'])('has no upload that was %s', async (end) => {
    const upload = end === 'never begun' ? sampleUpload() : await begun(store())
    if (end === 'sealed') await store().seal(upload, await putAll(store(), upload))
    if (end === 'aborted') await store().abort(upload)
    await expect(put(store(), upload, 1)).rejects.toMatchObject({ code: 'NoSuchUpload' })
    const claim = { ...ticketFor(upload, 1), etag: 'a'.repeat(64) }
    expect(await store().stat(upload, [claim])).toEqual(new Map())
  })

  it('writes chunks of many uploads at once without mixing them', async () => {
    const uploads = await race(4, () => begun(store()))
    const chunks = await Promise.all(uploads.map((upload, i) => putAll(store(), upload, i)))
    for (const [i, upload] of uploads.entries()) {
      expect(await provenIn(store(), upload, chunks[i]!)).toEqual([1, 2, 3])
      expect(await provenIn(store(), upload, chunks[(i + 1) % 4]!)).toEqual([])
    }
  })
}
