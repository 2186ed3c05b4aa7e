import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { S3StoreOptions } from '../../src/adapters/s3/bucket.ts'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import { ChunksLostError, SealRefusedError } from '../../src/core/ports.ts'
import { begun, fileOf, provenIn, putAll, readAll } from '../contract/bodies.ts'
import { race } from '../contract/samples.ts'
import { type Faults, type Spoiled, startProxy } from '../support/proxy.ts'
import { s3Missing, s3Options } from '../support/s3.ts'
import { throughUrls } from '../support/s3-put.ts'

const isComplete = ({ method, url }: { method: string; url: string }) =>
  method === 'POST' && url.includes('uploadId=')
const isAbort = ({ method, url }: { method: string; url: string }) =>
  method === 'DELETE' && url.includes('uploadId=')

const errorBody = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>spoiled</Message><RequestId>r1</RequestId></Error>`
const answer = (status: number, code: string): Spoiled => ({ status, body: errorBody(code) })

/** A store behind a proxy that spoils its answers. */
async function spoiledStore(faults: Faults, changes: Partial<S3StoreOptions> = {}) {
  const options = await s3Options(changes)
  const proxy = await startProxy(options.endpoint!, faults)
  return {
    ...{ proxy, options, store: throughUrls(openS3Store({ ...options, endpoint: proxy.url })) },
    /** The same bucket without the proxy: another server. */
    direct: throughUrls(openS3Store(options)),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

describe.skipIf(s3Missing)('sealing on Ceph when answers are not what they should be', () => {
  it.each([
    ['an error in a 200, once', answer(200, 'InternalError'), 1],
    ['a 503, once', answer(503, 'SlowDown'), 1],
    ['no answer, once', 'cut' as const, 1],
    ['an error in a 200, always', answer(200, 'InternalError'), 99],
    ['an empty 200, always', 200, 99],
    ['a 500, always', answer(500, 'InternalError'), 99],
    ['no answer, always', 'cut' as const, 99],
    ['that there is no such upload', answer(404, 'NoSuchUpload'), 99],
  ])('succeeds although the store says %s, when it has done it', async (_name, spoiled, times) => {
    let left = times
    await using world = await spoiledStore({
      after: (exchange) => (isComplete(exchange) && left-- > 0 ? spoiled : undefined),
    })
    const { store, direct } = world
    const upload = await begun(store)
    const { ref } = await store.seal(upload, await putAll(store, upload))
    expect(world.proxy.exchanges.filter(isComplete).length).toBeGreaterThan(0)
    expect(await readAll(direct, ref, upload)).toEqual(fileOf(upload))
  })

  it.each([
    ['an error in a 200', answer(200, 'InternalError')],
    ['a 500', answer(500, 'InternalError')],
    ['no answer', 'cut' as const],
  ])('can be repeated after %s, when the store has not done it', async (_name, spoiled) => {
    let spoil = true
    await using world = await spoiledStore({
      before: (asked) => (isComplete(asked) && spoil ? spoiled : undefined),
    })
    const { store } = world
    const upload = await begun(store)
    const chunks = await putAll(store, upload)
    await expect(store.seal(upload, chunks)).rejects.toMatchObject({ code: 'service_unavailable' })
    spoil = false
    const { ref } = await store.seal(upload, chunks)
    expect(await readAll(store, ref, upload)).toEqual(fileOf(upload))
  })

  it('names ETags as the store spells them, where it knows them only so', async () => {
    const tried: string[] = []
    await using world = await spoiledStore({
      before(asked) {
        if (!isComplete(asked)) return undefined
        tried.push(asked.requestBody.toString())
        return tried.length === 1 ? answer(400, 'InvalidPart') : undefined
      },
    })
    const upload = await begun(world.store)
    const { ref } = await world.store.seal(upload, await putAll(world.store, upload))
    expect(tried).toHaveLength(2)
    expect(await readAll(world.store, ref, upload)).toEqual(fileOf(upload))
  })

  it('succeeds on two servers at once, time after time', async () => {
    const options = await s3Options()
    const servers = [1, 2].map(() => throughUrls(openS3Store(options)))
    for (let round = 0; round < 20; round++) {
      const upload = await begun(servers[0]!)
      const chunks = await putAll(servers[1]!, upload)
      const sealed = await race(4, (i) => servers[i % 2]!.seal(upload, chunks))
      for (const object of sealed) expect(object).toEqual(sealed[0])
      expect(await readAll(servers[1]!, sealed[0]!.ref, upload)).toEqual(fileOf(upload))
    }
  })

  it('succeeds when the store says of what it has done that the parts are invalid, and lists none', async () => {
    let done = false
    await using world = await spoiledStore({
      before({ method, url }) {
        if (!done || !url.includes('uploadId=')) return undefined
        if (method === 'POST') return answer(400, 'InvalidPart')
        return { status: 200, body: '<ListPartsResult></ListPartsResult>' }
      },
    })
    const { store } = world
    const upload = await begun(store)
    const chunks = await putAll(store, upload)
    const sealed = await store.seal(upload, chunks)
    done = true
    expect(await store.seal(upload, chunks)).toEqual(sealed)
  })

  it('is given up when the store has all parts and refuses them for good', async () => {
    await using world = await spoiledStore({
      before: (asked) => (isComplete(asked) ? answer(400, 'EntityTooSmall') : undefined),
    })
    const upload = await begun(world.store)
    const error = await world.store
      .seal(upload, await putAll(world.store, upload))
      .catch((caught) => caught)
    expect(error).toEqual(new SealRefusedError('it says EntityTooSmall'))
  })

  it.each(['InvalidRequest', 'ExpiredToken'])(
    'can be repeated when the store refuses everything with %s',
    async (code) => {
      await using world = await spoiledStore({ before: () => answer(400, code) })
      const upload = await begun(world.direct)
      const chunks = await putAll(world.direct, upload)
      await expect(world.store.seal(upload, chunks)).rejects.toMatchObject({
        ...{ code: 'service_unavailable', message: expect.stringContaining(code) },
      })
      expect((await world.direct.seal(upload, chunks)).ref).toBe(upload.assetId)
    },
  )

  it('names the chunks that were overwritten or never came, and seals nothing', async () => {
    const store = throughUrls(openS3Store(await s3Options()))
    const upload = await begun(store, 12 * 10, 10)
    const chunks = await putAll(store, upload)
    await putAll(store, { ...upload, totalChunks: 2 }, 1)
    const error = await store.seal(upload, chunks).catch((caught) => caught)
    expect(error).toBeInstanceOf(ChunksLostError)
    expect(error.indexes).toEqual([1, 2])
    await expect(store.size(upload.assetId)).rejects.toThrow()
    await putAll(store, upload)
    expect((await store.seal(upload, chunks)).ref).toBe(upload.assetId)
  })

  it('says that all chunks are lost when the bucket has cleared them away', async () => {
    const store = throughUrls(openS3Store(await s3Options()))
    const upload = await begun(store)
    const chunks = await putAll(store, upload)
    await store.abort(upload)
    await expect(store.seal(upload, chunks)).rejects.toMatchObject({ indexes: [1, 2, 3] })
  })
})

describe.skipIf(s3Missing)('Ceph in trouble', () => {
  const everything = (spoiled: Spoiled): Faults => ({ before: () => spoiled })

  it.each([
    ['service_unavailable', 'SlowDown', 503, /cannot be used right now \(SlowDown\)/],
    ['service_unavailable', 'AccessDenied', 403, /\(AccessDenied\)/],
    ['service_unavailable', 'RequestTimeTooSkewed', 403, /clocks .* differ too much/],
    ['storage_full', 'QuotaExceeded', 403, /The store is full/],
    ['storage_full', 'InsufficientStorage', 507, /The store is full/],
  ])('is answered with %s when it says %s', async (code, said, status, message) => {
    await using world = await spoiledStore(everything(answer(status, said)))
    const { store } = world
    const upload = await begun(world.direct)
    const chunks = await putAll(world.direct, upload)
    const expected = { code, message: expect.stringMatching(message) }
    await expect(store.begin(upload)).rejects.toMatchObject(expected)
    await expect(store.stat(upload, chunks)).rejects.toMatchObject(expected)
    await expect(store.seal(upload, chunks)).rejects.toMatchObject(expected)
    await expect(store.abort(upload)).rejects.toMatchObject(expected)
    expect(await provenIn(world.direct, upload, chunks)).toEqual([1, 2, 3])
  })

  it.each([403, 500, 503])('is answered with 503 when a look at it gives a %i', async (status) => {
    await using world = await spoiledStore(everything(status))
    const unavailable = { code: 'service_unavailable' }
    await expect(world.store.ping()).rejects.toMatchObject({
      ...{ ...unavailable, message: expect.stringContaining(String(status)) },
    })
    await expect(world.store.size('a'.repeat(24))).rejects.toMatchObject(unavailable)
    await expect(world.store.findFile('a'.repeat(24), 'a.jpg')).rejects.toMatchObject(unavailable)
  })

  it('is answered with 503 when there is nothing at its address, or no such bucket', async () => {
    const options = await s3Options()
    const nowhere = openS3Store({ ...options, endpoint: 'http://127.0.0.1:9' })
    await expect(nowhere.ping()).rejects.toMatchObject({
      ...{ code: 'service_unavailable', message: expect.stringContaining('ECONNREFUSED') },
    })
    const noBucket = openS3Store({ ...options, bucket: 'nobody-made-this' })
    await expect(noBucket.ping()).rejects.toMatchObject({ code: 'service_unavailable' })
    await expect(
      noBucket.begin(await begun(throughUrls(openS3Store(options)))),
    ).rejects.toMatchObject({
      message: expect.stringContaining('NoSuchBucket'),
    })
  })

  it('says nothing of keys and signatures', async () => {
    const options = await s3Options()
    const secretAccessKey = 'a-wrong-secret-that-nobody-may-read'
    const accessKeyId = 'testaccess'
    const store = openS3Store({ ...options, credentials: { accessKeyId, secretAccessKey } })
    const upload = await begun(throughUrls(openS3Store(options)))
    for (const call of [
      () => store.begin(upload),
      () => store.ping(),
      () => store.stat(upload, []),
    ]) {
      const error: unknown = await call().then(
        () => undefined,
        (caught) => caught,
      )
      if (error === undefined) continue
      const shown = inspect(error, { depth: 20, showHidden: true })
      expect(shown).toContain('service_unavailable')
      for (const secret of [secretAccessKey, accessKeyId, 'Signature=', 'AWS4-HMAC']) {
        expect(shown).not.toContain(secret)
      }
    }
    const refused = store.begin(upload)
    await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(/\(Signature/) })
    await expect(refused).rejects.toHaveProperty(
      'cause.message',
      expect.stringMatching(/HTTP status 403, request tx/),
    )
  })

  it('frees parts that are still there after an abort', async () => {
    let aborts = 0
    await using world = await spoiledStore({
      before: (asked) => (isAbort(asked) && aborts++ === 0 ? 204 : undefined),
    })
    const upload = await begun(world.store)
    const chunks = await putAll(world.store, upload)
    await world.store.abort(upload)
    expect(aborts).toBeGreaterThan(1)
    expect(await provenIn(world.direct, upload, chunks)).toEqual([])
  })

  it('keeps no file of an object that is freed while it is made', async () => {
    const store = throughUrls(openS3Store(await s3Options()))
    const upload = await begun(store)
    const { ref } = await store.seal(upload, await putAll(store, upload))
    async function* body() {
      yield Buffer.from('half')
      await store.remove(ref)
      yield Buffer.from('whole')
    }
    await expect(store.putFile(ref, 'thumbnail.jpg', body())).rejects.toMatchObject({
      code: 'service_unavailable',
    })
    expect(await store.findFile(ref, 'thumbnail.jpg')).toBeUndefined()
  })
})
