import { randomBytes } from 'node:crypto'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importUrl, RENDITIONS, sendFile, settled } from '../support/assets-create.ts'
import { type FolderServer, serveFolder } from '../support/assets-server.ts'
import { makeMp4, makePng, skipsMedia } from '../support/media.ts'
import { cut, write } from '../support/media-bad.ts'
import { makeImage } from '../support/media-images.ts'
import { makePdf } from '../support/media-pdf.ts'
import { makeSample } from '../support/media-samples.ts'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { createApi, sendAll } from '../support/program-api.ts'
import { fetchSha256, sha256 } from '../support/program-files.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let elsewhere: FolderServer
let server: Program

/** Both kinds of server differ in what is on their PATH alone. */
async function start(path: string): Promise<void> {
  folder = await temporaryFolder()
  const tools = join(folder.path, 'bin')
  await mkdir(tools)
  await symlink(process.execPath, join(tools, 'node'))
  elsewhere = await serveFolder(folder.path)
  const env = { PATH: path || tools, PARTWAY_IMPORT_RANGES: '127.0.0.0/8' }
  server = await startProgram({ data: join(folder.path, 'data'), env })
}

async function stop(): Promise<void> {
  await server?.kill()
  await elsewhere?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
}

/** Sends bytes in one request, with all that can be asked for, and waits for the end. */
async function direct(name: string, content: Buffer<ArrayBuffer> | string) {
  const id = await sendFile(server, { name, content: Buffer.from(content) }, RENDITIONS)
  return settled(server, id)
}

const TEXT = 'Dear reader,\n\nthis is **no film**. Größe: 3 µm.\n'

describe('without ffmpeg on PATH', () => {
  beforeAll(() => start(''))
  afterAll(stop)

  it.skipIf(skipsMedia)(
    'an MP4 becomes ready, and what cannot be made of it says why (made by ffmpeg)',
    async () => {
      const path = join(folder.path, 'film.mp4')
      makeMp4(path)
      const bytes = await readFile(path)

      const asset = await direct('film.mp4', bytes)

      expect(asset).toMatchObject({
        ...{ status: 'ready', file_type: 'video/mp4', size: bytes.byteLength },
        technical_metadata: {
          ...{ file_size_bytes: bytes.byteLength, file_mime_type: 'video/mp4' },
          ...{ video_codec: 'h264', video_width: 320, video_height: 240 },
          ...{ audio_codec: 'aac', has_audio: true, total_video_streams: 1 },
        },
        hls: { status: 'error', error: { message: expect.stringMatching(/^Install ffmpeg /) } },
        thumbnail: {
          ...{ status: 'error', error: { message: expect.stringMatching(/^Install ffmpeg /) } },
        },
      })
      expect(asset.technical_metadata?.video_fps).toBeCloseTo(24, 1)
      expect(asset.duration).toBeCloseTo(2, 1)
      expect(asset.error).toBeUndefined()
      expect(await fetchSha256(asset.url!)).toBe(sha256(bytes))
    },
  )

  it('a PNG has a thumbnail', async () => {
    const bytes = await readFile(await makeImage(folder.path, 'clear.png'))

    const asset = await direct('clear.png', bytes)

    expect(asset).toMatchObject({
      ...{ status: 'ready', file_type: 'image/png', thumbnail: { status: 'ready' } },
      technical_metadata: { image_width: 48, image_height: 32, has_alpha: true },
    })
    expect(asset.hls).toBeUndefined()
    await expectJpeg(asset.thumbnail!.representative_url!)
  })

  it('a PDF has a thumbnail', async () => {
    const asset = await direct('plan.pdf', Buffer.from(makePdf()))

    expect(asset).toMatchObject({
      ...{ status: 'ready', file_type: 'application/pdf', thumbnail: { status: 'ready' } },
      technical_metadata: { document_page_count: 2 },
    })
    await expectJpeg(asset.thumbnail!.representative_url!)
  })

  it.skipIf(skipsMedia)('half an MP4 fails and says why (made by ffmpeg)', async () => {
    const whole = await makeSample(folder.path, 'moov-first.mp4')
    const half = await cut(whole, 0.5, 'half.mp4')

    const asset = await direct('half.mp4', await readFile(half))

    expect(asset).toMatchObject({ status: 'failed', error: { message: INCOMPLETE } })
  })
})

const INCOMPLETE = 'The file is incomplete: it ends before its content does.'

describe.skipIf(skipsMedia)('with ffmpeg on PATH (needs ffmpeg)', () => {
  beforeAll(() => start(process.env.PATH!))
  afterAll(stop)

  it('a PNG declared as video by a multipart upload fails and says why', async () => {
    const path = join(folder.path, 'still.png')
    makePng(path)
    const api = createApi(server)
    const { session, proofs } = await sendAll(api, await readFile(path), 'still.png')
    await api.report(session.upload_id, proofs)

    const asset = await settled(server, session.asset_id)

    expect(asset.status).toBe('failed')
    expect(asset.error?.message).toBe('The content is image/png, not video.')
  })

  it('a PNG that is called a film is still an image', async () => {
    const path = join(folder.path, 'misnamed.png')
    makePng(path)

    const asset = await direct('film.mp4', await readFile(path))

    expect(asset).toMatchObject({ status: 'ready', file_type: 'image/png', filename: 'film.mp4' })
    expect(asset).toMatchObject({ thumbnail: { status: 'ready' } })
    expect(asset.hls).toBeUndefined()
  })

  it.each([
    ['moov-first.mp4', 0.5],
    ['moov-last.mp4', 0.5],
    ['moov-last.mp4', 0.99],
    ['film.webm', 0.5],
  ] as const)('%s cut off at %d fails, and what was asked for with it', async (name, share) => {
    const part = await cut(await makeSample(folder.path, name), share, `part-of-${name}`)

    const asset = await direct(name, await readFile(part))

    const none = { status: 'error', error: { message: expect.stringMatching(SENTENCE) } }
    expect(asset).toMatchObject({ status: 'failed', hls: none, thumbnail: none })
    expect(asset.error?.message).toBe(INCOMPLETE)
  })

  it('random bytes that are called a film fail and say why', async () => {
    const asset = await direct('film.mp4', randomBytes(100_000))

    expect(asset.status).toBe('failed')
    expect(asset.error?.message).toMatch(SENTENCE)
    expect(asset.error?.message).toMatch(/not recognised/)
  })

  it('an empty file at a URL fails and says why', async () => {
    await write(folder.path, 'empty.mp4', '')

    const id = await importUrl(server, elsewhere.url('empty.mp4'), RENDITIONS)
    const asset = await settled(server, id, 20_000)

    const none = { status: 'error', error: { message: expect.stringMatching(SENTENCE) } }
    expect(asset).toMatchObject({ status: 'failed', hls: none, thumbnail: none })
    expect(asset.error?.message).toMatch(/^The file at 127\.0\.0\.1:\d+ is empty\.$/)
  })

  it.each([
    ['plan.pdf', 'application/pdf', Buffer.from(makePdf())],
    ['letter.txt', 'text/plain', Buffer.from(TEXT)],
    ['LETTER.MD', 'text/markdown', Buffer.from(TEXT)],
  ])('%s becomes a ready document', async (name, mimeType, bytes) => {
    const asset = await direct(name, bytes)

    expect(asset).toMatchObject({
      ...{ status: 'ready', filename: name, file_type: mimeType, size: bytes.byteLength },
      technical_metadata: { file_size_bytes: bytes.byteLength, file_mime_type: mimeType },
    })
    expect(asset.hls).toBeUndefined()
    expect(asset.duration).toBeUndefined()
    expect(await fetchSha256(asset.url!)).toBe(sha256(bytes))
    const listed = await createApi(server).request('GET', `/assets?asset_types=document`)
    expect((listed.body as { data: unknown[] }).data).toContainEqual(
      expect.objectContaining({ _id: asset._id }),
    )
  })
})

/** For people: a whole sentence, and nothing of paths or addresses of ours. */
const SENTENCE = /^[A-Z][^/{}]+\.$/

async function expectJpeg(url: string): Promise<void> {
  const response = await fetch(url)
  const bytes = Buffer.from(await response.arrayBuffer())
  expect(response.headers.get('content-type')).toBe('image/jpeg')
  expect(bytes.subarray(0, 3).toString('hex')).toBe('ffd8ff')
}
