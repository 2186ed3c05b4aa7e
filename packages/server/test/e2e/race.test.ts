import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { raceSentences } from '../installation/race.ts'
import { embedded } from '../support/installation.ts'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { type Api, CHUNK, createApi, proofOf, putChunk, sendAll } from '../support/program-api.ts'
import { type SlowPut, startSlowPut } from '../support/program-connections.ts'
import { fetchSha256, randomVideo, sha256, storeOf } from '../support/program-files.ts'

raceSentences(embedded)

describe('PUTs at the same time', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program
  let api: Api

  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startProgram({ data: join(folder.path, 'data') })
    api = createApi(server)
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
  })

  it('takes two identical PUTs of a chunk at once as one body', async () => {
    const bytes = randomVideo(CHUNK)
    const session = await api.create(CHUNK)
    const { url } = session.upload_urls[0]!

    const puts = await Promise.all([putChunk(url, bytes), putChunk(url, bytes)])

    const etag = sha256(bytes)
    expect(puts).toMatchObject([
      { status: 200, etag },
      { status: 200, etag },
    ])
    expect(await storeOf(server.data).bodies(session.upload_id)).toEqual([`1.${etag}`])
    const { url: content } = await api.report(session.upload_id, [proofOf(1, etag, bytes)])
    expect(await fetchSha256(content!)).toBe(etag)
  })

  it('keeps both of two different bodies sent at once until one is proven', async () => {
    const [one, other] = [randomVideo(CHUNK), randomVideo(CHUNK)]
    const session = await api.create(CHUNK)
    const { url } = session.upload_urls[0]!

    const puts = await Promise.all([putChunk(url, one), putChunk(url, other)])
    expect(puts).toMatchObject([
      { status: 200, etag: sha256(one) },
      { status: 200, etag: sha256(other) },
    ])
    const bodies = await storeOf(server.data).bodies(session.upload_id)
    expect(bodies.toSorted()).toEqual([`1.${sha256(one)}`, `1.${sha256(other)}`].toSorted())
    const report = await api.report(session.upload_id, [proofOf(1, sha256(one), one)])

    expect(await fetchSha256(report.url!)).toBe(sha256(one))
    const parts = await storeOf(server.data).parts(session.asset_id)
    expect(parts.toSorted()).toEqual([`1.${sha256(one)}`, 'manifest.json'])
  })

  it('refuses other bytes for a reported chunk and takes the same ones again', async () => {
    const film = randomVideo(CHUNK + 1)
    const { session, chunks, proofs } = await sendAll(api, film)
    await api.report(session.upload_id, [proofs[0]!])
    const { url } = session.upload_urls[0]!

    const [same, different] = await Promise.all([
      putChunk(url, chunks[0]!),
      putChunk(url, randomVideo(CHUNK)),
    ])

    expect(same).toMatchObject({ status: 200, etag: sha256(chunks[0]!) })
    expect(different.status).toBe(409)
    expect(different.text).toContain('<Code>OperationAborted</Code>')
    const { url: content } = await api.report(session.upload_id, proofs)
    expect(await fetchSha256(content!)).toBe(sha256(film))
  })

  it('lets a PUT and the report of another body of the same chunk race without harm', async () => {
    for (let round = 0; round < 5; round++) {
      const [proven, late] = [randomVideo(CHUNK), randomVideo(CHUNK)]
      const { session, proofs } = await sendAll(api, proven)
      const { url } = session.upload_urls[0]!

      const [put, report] = await Promise.all([
        putChunk(url, late),
        api.report(session.upload_id, proofs),
      ])

      expect(put.status).toBeOneOf([200, 404, 409])
      expect(await fetchSha256(report.url!)).toBe(sha256(proven))
    }
  })

  it('leaves nothing of late PUTs in a sealed asset', async () => {
    const film = randomVideo(1000)
    const { session, proofs } = await sendAll(api, film)
    const { url } = session.upload_urls[0]!

    const report = api.report(session.upload_id, proofs)
    const late: SlowPut[] = []
    for (let i = 0; i < 30; i++) {
      const put = startSlowPut(url, film.byteLength)
      late.push(put)
      await put.send(film.subarray(0, 10))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await report
    for (const put of late) put.request.end(randomVideo(film.byteLength - 10))
    await Promise.all(late.map(({ outcome }) => outcome))

    const parts = await storeOf(server.data).parts(session.asset_id)
    expect(parts.toSorted()).toEqual([`1.${sha256(film)}`, 'manifest.json'])
  })
})
