import { describe, expect, it } from 'vitest'
import { race } from '../contract/samples.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import { ACCOUNT, createWorld, invalid, ORIGIN } from './world.ts'

describe('reporting chunks', () => {
  it('records what is true and says how far the upload is', async () => {
    const { plant, putChunks, report, recordedIn } = createWorld()
    const upload = await plant()
    expect(await report(upload, await putChunks(upload, [3, 1]))).toEqual({
      ...{ assetId: upload.assetId, added: 2, duplicates: 0, chunksCompleted: 2, url: undefined },
    })
    expect(await recordedIn(upload)).toEqual([1, 3])
  })

  it('completes the upload with the last chunk, and its URL leads to the content', async () => {
    const { plant, complete, find, completed, assets } = createWorld()
    const upload = await plant()
    const { url, ...counts } = await complete(upload)
    expect(counts).toMatchObject({ added: 3, duplicates: 0, chunksCompleted: 3 })
    expect(await find(upload)).toMatchObject({ state: 'completed' })
    expect(completed).toHaveLength(1)
    const content = await assets.content(url!.slice(ORIGIN.length))
    expect(content.asset.id).toBe(upload.assetId)
  })

  it.each([
    ['quoted', (etag: string) => `"${etag}"`],
    ['weak', (etag: string) => `W/"${etag}"`],
    ['upper case', (etag: string) => etag.toUpperCase()],
    ['padded', (etag: string) => ` ${etag}\n`],
  ])('takes an ETag that is %s', async (_, spell) => {
    const { plant, putAll, report } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    const spelt = claims.map((claim) => ({ ...claim, etag: spell(claim.etag) }))
    expect(await report(upload, spelt)).toMatchObject({ added: 3 })
  })

  it('records nothing when one claim is false, and names every false one', async () => {
    const world = createWorld()
    const upload = await world.plant({ totalSize: 12_000, chunkSize: 1000 })
    const claims = await world.putChunks(upload, [1, 2, 3, 4, 5])
    const etag = 'f'.repeat(64)
    const lies = [
      { ...claims[1]!, etag },
      { ...claims[2]!, size: 999 },
      { ...claims[3]!, etag: claims[0]!.etag },
      { index: 6, etag: claims[0]!.etag, size: 1000 },
    ]
    const error = await world.report(upload, [claims[0]!, ...lies, claims[4]!]).catch((e) => e)
    expect(error).toEqual(invalid(/completed_chunks/))
    const named = [...error.message.matchAll(/chunk (\d+)/g)].map(([, index]) => Number(index))
    expect(named).toEqual([2, 3, 4, 6])
    expect(error.message).toMatch(/chunk 3 has 1000 bytes, not 999/)
    expect(await world.recordedIn(upload)).toEqual([])
    expect(await world.find(upload)).toMatchObject({ chunksCompleted: 0, uploadedSize: 0 })
    expect(await world.report(upload, claims)).toMatchObject({ added: 5 })
  })

  it('names false claims and claims beyond the last chunk in one answer', async () => {
    const { plant, putAll, report, recordedIn } = createWorld()
    const upload = await plant()
    const [one, two] = await putAll(upload)
    const claims = [one!, { ...two!, etag: 'f'.repeat(64) }, { ...one!, index: 9 }]
    const error = await report(upload, claims).catch((e) => e)
    expect(error).toEqual(invalid(/chunk 9/))
    expect(error.message).toMatch(/chunk 2/)
    expect(await recordedIn(upload)).toEqual([])
  })

  it('refuses the size the last chunk would have if it were a full one', async () => {
    const { plant, putAll, report } = createWorld()
    const upload = await plant()
    const last = (await putAll(upload))[2]!
    await expect(report(upload, [{ ...last, size: 1000 }])).rejects.toEqual(
      invalid(/chunk 3 has 500 bytes, not 1000/),
    )
  })

  it('ignores chunks that are recorded already, whatever is said of them', async () => {
    const { plant, putChunks, report, metadata } = createWorld()
    const upload = await plant()
    const [first] = await putChunks(upload, [1])
    await report(upload, [first!])
    const other = { index: 1, etag: 'f'.repeat(64), size: 3 }
    const [second] = await putChunks(upload, [2])
    expect(await report(upload, [other, second!])).toMatchObject({ added: 1, duplicates: 1 })
    const [chunk] = await metadata.listChunks(upload.id, { from: 1, to: 1 })
    expect(chunk).toMatchObject({ etag: first!.etag, size: 1000 })
  })

  it('takes the first of two claims for one chunk and counts the other as a duplicate', async () => {
    const { plant, putChunks, report, metadata } = createWorld()
    const upload = await plant()
    const [older] = await putChunks(upload, [1], 0)
    const [newer] = await putChunks(upload, [1], 1)
    const { added, duplicates } = await report(upload, [newer!, older!, older!])
    expect({ added, duplicates }).toEqual({ added: 1, duplicates: 2 })
    const [chunk] = await metadata.listChunks(upload.id, { from: 1, to: 1 })
    expect(chunk!.etag).toBe(newer!.etag)
  })

  it('refuses other bytes for a chunk from the moment it is reported', async () => {
    const { plant, putChunks, report } = createWorld()
    const upload = await plant()
    const [chunk] = await putChunks(upload, [1])
    await report(upload, [chunk!])
    await expect(putChunks(upload, [1], 1)).rejects.toMatchObject({ code: 'OperationAborted' })
    expect(await putChunks(upload, [1])).toEqual([chunk])
  })

  it('answers a repeated last report like the first, as duplicates', async () => {
    const { plant, putAll, report, completed } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    const first = await report(upload, claims)
    expect(await report(upload, claims)).toEqual({ ...first, added: 0, duplicates: 3 })
    expect(completed).toHaveLength(1)
  })

  it('still refuses a chunk out of range when the upload is completed', async () => {
    const { plant, complete, report } = createWorld()
    const upload = await plant()
    await complete(upload)
    const beyond = { index: 4, etag: 'f'.repeat(64), size: 1000 }
    await expect(report(upload, [beyond])).rejects.toEqual(invalid(/chunk 4 is beyond/))
  })

  it('completes exactly once when twenty reports race', async () => {
    const { plant, putAll, report, completed, find } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    const results = await race(20, (i) => report(upload, i % 2 ? claims : [claims[i % 3]!]))
    expect(results.reduce((sum, { added }) => sum + added, 0)).toBe(3)
    expect(results.some(({ url }) => url !== undefined)).toBe(true)
    expect(completed).toHaveLength(1)
    expect(await find(upload)).toMatchObject({ state: 'completed', uploadedSize: 2500 })
  })

  it('takes for a duplicate what another report proved and sealed while it looked', async () => {
    const ports = createMemoryPorts()
    const gate = Promise.withResolvers<void>()
    let calls = 0
    const world = createWorld({
      ...ports,
      store: {
        ...ports.store,
        async stat(upload, claims) {
          if (calls++ === 0) await gate.promise
          return ports.store.stat(upload, claims)
        },
      },
    })
    const upload = await world.plant()
    const claims = await world.putAll(upload)
    const slow = world.report(upload, claims)
    const quick = await world.report(upload, claims)
    gate.resolve()
    expect(quick).toMatchObject({ added: 3, duplicates: 0 })
    expect(await slow).toEqual({ ...quick, added: 0, duplicates: 3 })
  })

  it('refuses what was aborted while it looked', async () => {
    const ports = createMemoryPorts()
    const world = createWorld({
      ...ports,
      store: {
        ...ports.store,
        async stat(upload, claims) {
          await world.uploads.abort(ACCOUNT, upload.id)
          return ports.store.stat(upload, claims)
        },
      },
    })
    const upload = await world.plant()
    await expect(world.complete(upload)).rejects.toEqual(invalid(/is failed.*aborted/))
    expect(await world.recordedIn(upload)).toEqual([])
  })
})
