import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TwelveLabs, TwelvelabsApi } from 'twelvelabs-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendFile } from '../support/assets-create.ts'
import { fetchHls } from '../support/assets-hls.ts'
import { type FolderServer, serveFolder } from '../support/assets-server.ts'
import { makeMp4, skipsMedia } from '../support/media.ts'
import { makePdf } from '../support/media-pdf.ts'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { createApi } from '../support/program-api.ts'
import { fetchSha256, sha256 } from '../support/program-files.ts'
import { allOf, createSdk, tameSdk } from '../support/sdk.ts'

const MAX_DOCUMENT_SIZE = 1024 * 1024
const MISSING = '0123456789abcdef01234567'

describe('assets, by the official twelvelabs-js, unmodified', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let elsewhere: FolderServer
  let server: Program
  let sdk: TwelveLabs
  tameSdk()

  const inFolder = (name: string) => join(folder.path, name)
  const text = (name: string, content = `A text named ${name}.`) =>
    sendFile(server, { name, content: Buffer.from(content) })

  beforeAll(async () => {
    folder = await temporaryFolder()
    elsewhere = await serveFolder(folder.path)
    const env = {
      PARTWAY_IMPORT_RANGES: '127.0.0.0/8',
      PARTWAY_MAX_DOCUMENT_SIZE: `${MAX_DOCUMENT_SIZE}`,
    }
    server = await startProgram({ data: inFolder('data'), env })
    sdk = createSdk(server)
  })
  afterAll(async () => {
    await server?.kill()
    await elsewhere?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** What the client throws when it is answered with a refusal. */
  async function refusalOf(request: Parameters<TwelveLabs['assets']['create']>[0]) {
    const error: unknown = await sdk.assets.create(request).then(
      () => new Error('it was not refused'),
      (thrown) => thrown,
    )
    expect(error).toBeInstanceOf(TwelvelabsApi.BadRequestError)
    return error as InstanceType<typeof TwelvelabsApi.BadRequestError>
  }

  /** Polls, as the documentation of the API has people do, until nothing is left to be done. */
  async function ready(id: string) {
    const busy = ['pending', 'processing']
    await expect
      .poll(
        async () => {
          const { status, hls, thumbnail } = await sdk.assets.retrieve(id)
          return [status, hls?.status, thumbnail?.status].filter((s) => busy.includes(s ?? ''))
        },
        { timeout: 60_000, interval: 200 },
      )
      .toEqual([])
    return sdk.assets.retrieve(id)
  }

  it.skipIf(skipsMedia)(
    'a film sent as a stream becomes ready, with a thumbnail and an HLS stream (needs ffmpeg)',
    async () => {
      const path = inFolder('film.mp4')
      makeMp4(path)
      const { size } = await stat(path)

      const created = await sdk.assets.create({
        method: 'direct',
        file: createReadStream(path),
        ...{ enableHls: true, enableThumbnail: true },
        userMetadata: JSON.stringify({ take: 3, scene: 'opening', kept: true }),
      })
      const asset = await ready(created.id!)

      expect(created).toMatchObject({ method: 'direct', status: 'processing' })
      expect(created.createdAt).toBeInstanceOf(Date)
      expect(asset).toMatchObject({
        ...{ id: created.id, method: 'direct', status: 'ready', filename: 'film.mp4', size },
        ...{ fileType: 'video/mp4', userMetadata: { take: 3, scene: 'opening', kept: true } },
        hls: { status: 'ready' },
        thumbnail: { status: 'ready' },
        technicalMetadata: {
          ...{ fileSizeBytes: size, fileMimeType: 'video/mp4', hasAudio: true },
          ...{ videoCodec: 'h264', videoWidth: 320, videoHeight: 240, videoFps: 24 },
          ...{ audioCodec: 'aac', totalVideoStreams: 1, totalAudioStreams: 1 },
        },
      })
      expect(asset.error).toBeUndefined()
      expect(asset.duration).toBeCloseTo(2, 1)
      expect(asset.technicalMetadata?.videoStreams?.[0]).toMatchObject({ index: 0, codec: 'h264' })
      expect(await fetchHls(asset.hls!.manifestUrl!)).toMatchObject({
        duration: expect.closeTo(2, 1),
      })
      const thumbnail = await fetch(asset.thumbnail!.representativeUrl!)
      expect([thumbnail.status, thumbnail.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
    },
  )

  it.skipIf(skipsMedia)('a film at a URL is fetched and becomes ready (needs ffmpeg)', async () => {
    const path = inFolder('a film elsewhere.mp4')
    makeMp4(path)
    const { size } = await stat(path)

    const created = await sdk.assets.create({
      ...{ method: 'url', url: elsewhere.url('a film elsewhere.mp4') },
      ...{ enableHls: true, enableThumbnail: true },
    })
    const asset = await ready(created.id!)

    expect(created).toMatchObject({ method: 'url', status: 'processing' })
    expect(asset).toMatchObject({
      ...{ method: 'url', status: 'ready', filename: 'a film elsewhere.mp4', size },
      ...{ fileType: 'video/mp4', technicalMetadata: { fileSizeBytes: size, videoWidth: 320 } },
      ...{ hls: { status: 'ready' }, thumbnail: { status: 'ready' } },
    })
    expect(asset.duration).toBeCloseTo(2, 1)
    const { url } = await createApi(server).asset(created.id!)
    expect(await fetchSha256(url!)).toBe(await fetchSha256(elsewhere.url('a film elsewhere.mp4')))
  })

  it('what cannot be fetched ends as a failed asset that says why', async () => {
    const { id } = await sdk.assets.create({ method: 'url', url: elsewhere.url('missing.mp4') })

    const asset = await ready(id!)

    expect(asset.status).toBe('failed')
    expect(asset.error?.message).toMatch(/404/)
  })

  it('a document is sent with another name, and its bytes come back', async () => {
    const path = inFolder('plan.bin')
    const pdf = makePdf()
    await writeFile(path, pdf)

    const created = await sdk.assets.create({
      ...{ method: 'direct', file: createReadStream(path), filename: 'Plan für morgen.pdf' },
    })
    const asset = await ready(created.id!)

    expect(asset).toMatchObject({
      ...{ status: 'ready', filename: 'Plan für morgen.pdf', fileType: 'application/pdf' },
      technicalMetadata: { documentPageCount: 2, documentTitle: 'A plan (draft)' },
    })
    expect(asset.technicalMetadata?.documentCreationDate).toBeInstanceOf(Date)
    expect(asset.duration).toBeUndefined()
    const { url } = await createApi(server).asset(created.id!)
    expect(await fetchSha256(url!)).toBe(sha256(pdf))
  })

  it('lists by id, by type, and by part of a name that is taken literally', async () => {
    const odd = await text('100%_sure to list.md')
    const plain = await text('100 percent sure to list.md')
    const under = await text('a_b to list.txt')
    const ids = (assets: { id?: string }[]) => assets.map(({ id }) => id)
    const list = async (filters: Parameters<TwelveLabs['assets']['list']>[0]) =>
      ids(await allOf(sdk.assets.list(filters)))

    expect(await list({ assetIds: [odd, under, MISSING] })).toEqual([under, odd])
    expect(await list({ assetIds: plain })).toEqual([plain])
    expect(await list({ filename: '0%_S' })).toEqual([odd])
    expect(await list({ filename: '%' })).toEqual([odd])
    expect(await list({ filename: 'SURE to list' })).toEqual([plain, odd])
    expect(await list({ filename: 'a_b to' })).toEqual([under])
    expect(await list({ filename: 'axb' })).toEqual([])
    expect(await list({ filename: ' to list', assetTypes: 'document' })).toEqual([
      ...[under, plain, odd],
    ])
    expect(await list({ filename: ' to list', assetTypes: ['image', 'video'] })).toEqual([])
    expect(
      await list({ assetIds: [odd, plain], assetTypes: ['audio', 'document'], filename: '%' }),
    ).toEqual([odd])
  })

  it('lists page after page, newest first, and nothing twice', async () => {
    const made: string[] = []
    for (let i = 0; i < 7; i++) made.push(await text(`one of many ${i}.txt`))

    const first = await sdk.assets.list({ pageLimit: 3, filename: 'one of many' })
    const all = await allOf(sdk.assets.list({ pageLimit: 3, filename: 'one of many' }))
    const second = await sdk.assets.list({ page: 2, pageLimit: 3, filename: 'one of many' })

    const newest = made.toReversed()
    expect(all.map(({ id }) => id)).toEqual(newest)
    expect(first.data.map(({ id }) => id)).toEqual(newest.slice(0, 3))
    expect(second.data.map(({ id }) => id)).toEqual(newest.slice(3, 6))
  })

  it('replaces, updates and deletes the metadata of users', async () => {
    const id = await text('with metadata.txt')
    const now = async () => (await sdk.assets.retrieve(id)).userMetadata

    await sdk.assets.replaceUserMetadata(id, {
      userMetadata: { category: 'new', batchNumber: 5, rating: 9.3, needsReview: true },
    })
    expect(await now()).toEqual({ category: 'new', batchNumber: 5, rating: 9.3, needsReview: true })

    await sdk.assets.updateUserMetadata(id, {
      // Their types know no null, their documentation does.
      userMetadata: { category: 'old', batchNumber: null as never, rating: '', added: 1 },
    })
    expect(await now()).toEqual({ category: 'old', rating: 9.3, needsReview: true, added: 1 })

    await sdk.assets.replaceUserMetadata(id, { userMetadata: { only: 'this', not: '' } })
    expect(await now()).toEqual({ only: 'this' })

    await sdk.assets.deleteUserMetadata(id)
    expect(await now()).toBeUndefined()
  })

  it.each([
    ['without force', undefined],
    ['with force', { force: true }],
    ['with force said to be false', { force: false }],
  ])('deletes an asset %s', async (_name, options) => {
    const id = await text('short-lived.txt')

    await sdk.assets.delete(id, options)

    await expect(sdk.assets.retrieve(id)).rejects.toThrow(TwelvelabsApi.NotFoundError)
    expect(await allOf(sdk.assets.list({ assetIds: [id] }))).toEqual([])
    await expect(sdk.assets.delete(id, options)).rejects.toMatchObject({ statusCode: 404 })
  })

  it('a file that is too large is refused with the error of the client', async () => {
    const path = inFolder('too large.txt')
    await writeFile(path, Buffer.alloc(20 * MAX_DOCUMENT_SIZE, 'never ending story '))
    const message = expect.stringContaining(`${MAX_DOCUMENT_SIZE} bytes`)

    // Often, because the client is still sending when it is answered.
    for (let i = 0; i < 10; i++) {
      const { statusCode, body } = await refusalOf({
        ...{ method: 'direct', file: createReadStream(path) },
      })
      expect(statusCode).toBe(400)
      expect(body).toMatchObject({ code: 'parameter_invalid', message })
    }

    expect(await allOf(sdk.assets.list({ filename: 'too large' }))).toEqual([])
  })

  it.each([
    ['neither a file nor a URL', { method: 'direct' }, 'file'],
    ['a name that is too long', { method: 'url', filename: 'n'.repeat(256) }, 'filename'],
    ['an URL of another kind', { method: 'url', url: 'file:///etc/passwd' }, 'url'],
    ['metadata that is no JSON', { method: 'url', userMetadata: '{' }, 'user_metadata'],
  ] as const)('%s is refused with the error of the client', async (_name, request, parameter) => {
    const { body } = await refusalOf(request)

    expect(body).toMatchObject({ message: expect.stringContaining(`\`${parameter}\``) })
  })

  it('what is not there is the error that the client has for it', async () => {
    const absent = expect.objectContaining({ statusCode: 404 })
    const calls = [
      sdk.assets.retrieve(MISSING),
      sdk.assets.replaceUserMetadata(MISSING, { userMetadata: { a: 1 } }),
      sdk.assets.updateUserMetadata(MISSING, { userMetadata: { a: 1 } }),
      sdk.assets.deleteUserMetadata(MISSING),
      sdk.assets.retrieveTranscription(MISSING),
    ]

    for (const call of await Promise.allSettled(calls)) {
      expect(call).toEqual({ status: 'rejected', reason: absent })
      expect((call as PromiseRejectedResult).reason).toBeInstanceOf(TwelvelabsApi.NotFoundError)
    }
  })
})
