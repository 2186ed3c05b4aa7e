import { describe, expect, it } from 'vitest'
import type { Upload } from '../../src/core/types.ts'
import { createMemoryPorts } from '../support/fakes.ts'
import { ACCOUNT, createWorld, invalid, ORIGIN, UPLOAD_TTL } from './world.ts'

describe('expiry by the clock', () => {
  it('refuses presigning and reporting from the moment the upload expires', async () => {
    const { plant, putAll, report, uploads, clock } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    const presign = () => uploads.presign(ACCOUNT, upload.id, { start: 1, count: 1 }, ORIGIN)
    clock.advance(UPLOAD_TTL - 1)
    await presign()
    await report(upload, claims.slice(0, 1))
    clock.advance(1)
    const expired = invalid(new RegExp(`${upload.id} is expired. .*Start again`))
    await expect(presign()).rejects.toEqual(expired)
    await expect(report(upload, claims)).rejects.toEqual(expired)
    const page = { page: 1, limit: 1 }
    const detail = await uploads.status(ACCOUNT, upload.id, page)
    expect(detail.upload).toMatchObject({ id: upload.id, chunksCompleted: 1 })
  })

  it('never strikes an upload whose chunks are all recorded', async () => {
    const ports = createMemoryPorts()
    const { store } = withBrokenSeal(ports.store, 1)
    const { plant, putAll, report, clock } = createWorld({ ...ports, store })
    const upload = await plant()
    const claims = await putAll(upload)
    await expect(report(upload, claims)).rejects.toThrow('killed')
    clock.advance(2 * UPLOAD_TTL)
    expect(await report(upload, claims)).toMatchObject({ duplicates: 3, url: expect.any(String) })
  })
})

describe('recovery from a crash between the record and the seal', () => {
  it('happens when the report is repeated', async () => {
    const ports = createMemoryPorts()
    const { store } = withBrokenSeal(ports.store, 1)
    const { plant, putAll, report, find, completed } = createWorld({ ...ports, store })
    const upload = await plant()
    const claims = await putAll(upload)
    await expect(report(upload, claims)).rejects.toThrow('killed')
    expect(await find(upload)).toMatchObject({ state: 'active', chunksCompleted: 3 })
    expect(completed).toEqual([])
    const repeated = await report(upload, claims)
    expect(repeated).toMatchObject({ added: 0, duplicates: 3, url: expect.any(String) })
    expect(await find(upload)).toMatchObject({ state: 'completed' })
    expect(completed).toHaveLength(1)
  })

  it('happens in the sweep', async () => {
    const ports = createMemoryPorts()
    const { store } = withBrokenSeal(ports.store, 1)
    const world = createWorld({ ...ports, store })
    const upload = await world.plant()
    await expect(world.complete(upload)).rejects.toThrow('killed')
    await world.sweeper.recover(0)
    expect(await world.find(upload)).toMatchObject({ state: 'completed' })
    expect(world.sweepErrors).toEqual([])
  })

  it('happens when it was killed between the seal and its record', async () => {
    const ports = createMemoryPorts()
    let killed = false
    const metadata: typeof ports.metadata = {
      ...ports.metadata,
      async completeUpload(...args) {
        if (killed) return ports.metadata.completeUpload(...args)
        killed = true
        throw new Error('killed')
      },
    }
    const { plant, putAll, report, assets } = createWorld({ ...ports, metadata })
    const upload = await plant()
    const claims = await putAll(upload)
    await expect(report(upload, claims)).rejects.toThrow('killed')
    const { url } = await report(upload, claims)
    expect((await assets.content(url!.slice(ORIGIN.length))).asset.id).toBe(upload.assetId)
  })

  it('happens when it was killed between the record and the settling', async () => {
    const ports = createMemoryPorts()
    let killed = false
    const sink: typeof ports.sink = {
      ...ports.sink!,
      async settle() {
        if (killed) return
        killed = true
        throw new Error('killed')
      },
    }
    const { plant, putAll, report, recordedIn } = createWorld({ ...ports, sink })
    const upload = await plant()
    const claims = await putAll(upload)
    await expect(report(upload, claims)).rejects.toThrow('killed')
    expect(await recordedIn(upload)).toEqual([1, 2, 3])
    expect(await report(upload, claims)).toMatchObject({ url: expect.any(String) })
  })
})

describe('aborting', () => {
  it('ends an active upload and fails its asset', async () => {
    const { plant, putAll, report, uploads, find, assets } = createWorld()
    const upload = await plant()
    const claims = await putAll(upload)
    await uploads.abort(ACCOUNT, upload.id)
    expect(await find(upload)).toMatchObject({ state: 'failed', reason: 'The upload was aborted.' })
    const { asset } = await assets.find(ACCOUNT, upload.assetId, ORIGIN)
    expect(asset).toMatchObject({ state: 'failed', reason: 'The upload was aborted.' })
    await expect(report(upload, claims)).rejects.toEqual(invalid(/is failed/))
    const presign = uploads.presign(ACCOUNT, upload.id, { start: 1, count: 1 }, ORIGIN)
    await expect(presign).rejects.toEqual(invalid(/is failed/))
  })

  it('can be repeated', async () => {
    const { plant, uploads, find, clock } = createWorld()
    const upload = await plant()
    await uploads.abort(ACCOUNT, upload.id)
    const before = await find(upload)
    clock.advance(1000)
    await uploads.abort(ACCOUNT, upload.id)
    expect(await find(upload)).toEqual(before)
  })

  it('leaves an upload expired that the sweep has expired', async () => {
    const { plant, uploads, find, clock, sweeper } = createWorld()
    const upload = await plant()
    clock.advance(UPLOAD_TTL)
    await sweeper.sweep()
    await uploads.abort(ACCOUNT, upload.id)
    expect(await find(upload)).toMatchObject({ state: 'expired' })
  })

  it('leaves an upload expired that the sweep has yet to expire', async () => {
    const { plant, uploads, find, clock, sweeper } = createWorld()
    const upload = await plant()
    clock.advance(UPLOAD_TTL)
    await uploads.abort(ACCOUNT, upload.id)
    await sweeper.sweep()
    expect(await find(upload)).toMatchObject({ state: 'expired' })
  })

  it('is refused for a completed upload and names what to do instead', async () => {
    const { plant, complete, uploads, find } = createWorld()
    const upload = await plant()
    await complete(upload)
    await expect(uploads.abort(ACCOUNT, upload.id)).rejects.toEqual(
      invalid(new RegExp(`completed.*Delete asset ${upload.assetId}`)),
    )
    expect(await find(upload)).toMatchObject({ state: 'completed' })
  })

  it('either wins over the last report or loses to it, never half', async () => {
    const outcomes = new Set<string>()
    for (let turns = 0; turns < 40; turns++) {
      const { plant, putAll, report, uploads, find, assets } = createWorld()
      const upload = await plant()
      const claims = await putAll(upload)
      const [reported, aborted] = await Promise.allSettled([
        report(upload, claims),
        after(turns, () => uploads.abort(ACCOUNT, upload.id)),
      ])
      const state = (await find(upload))!.state
      const { asset, url } = await assets.find(ACCOUNT, upload.assetId, ORIGIN)
      if (state === 'completed') {
        expect([reported.status, aborted.status]).toEqual(['fulfilled', 'rejected'])
        expect([asset.state, typeof url]).toEqual(['processing', 'string'])
      } else {
        expect([reported.status, aborted.status, state]).toEqual([
          ...['rejected', 'fulfilled', 'failed'],
        ])
        expect([asset.state, url]).toEqual(['failed', undefined])
      }
      outcomes.add(state)
    }
    expect(outcomes).toEqual(new Set(['completed', 'failed']))
  })
})

/** A store that dies in its first `times` seals. */
function withBrokenSeal<S extends { seal(upload: Upload, chunks: never[]): Promise<unknown> }>(
  store: S,
  times: number,
) {
  let left = times
  const seal = (...args: Parameters<S['seal']>) => {
    if (left-- > 0) return Promise.reject(new Error('killed'))
    return store.seal(...(args as [Upload, never[]]))
  }
  return { store: { ...store, seal } as S }
}

/** Runs `work` after so many turns of the microtask queue. */
async function after<T>(turns: number, work: () => Promise<T>): Promise<T> {
  for (let i = 0; i < turns; i++) await undefined
  return work()
}
