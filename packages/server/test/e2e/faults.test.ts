import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { type Api, CHUNK, createApi, putChunk, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256, storeOf } from '../support/program-files.ts'

const UPLOADS = '/assets/multipart-uploads'
const newUpload = { filename: 'film.mp4', type: 'video', total_size: 100 }
const film = randomVideo(CHUNK + 1)

const unavailable = {
  status: 503,
  body: { code: 'service_unavailable', message: expect.stringMatching(/\w/) },
}

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

describe('while another process holds the database', () => {
  /** What a backup or a stuck process does. */
  async function whileLocked(work: () => Promise<void>): Promise<void> {
    const other = new DatabaseSync(join(server.data, 'partway.db'), { timeout: 10_000 })
    other.exec('begin immediate')
    try {
      await work()
    } finally {
      other.exec('rollback')
      other.close()
    }
  }

  it('a report gets 503 with Retry-After, and the same report succeeds later', async () => {
    const { session, proofs } = await sendAll(api, film)
    const report = () =>
      api.request('POST', `${UPLOADS}/${session.upload_id}`, { completed_chunks: proofs })

    await whileLocked(async () => {
      const refused = await report()
      expect(refused).toMatchObject(unavailable)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect((await api.status(session.upload_id)).chunks_completed).toBe(0)
    })

    const { status, body } = await report()
    expect({ status, body }).toMatchObject({ status: 200, body: { processed_chunks: 2 } })
    expect(await fetchSha256((body as { url: string }).url)).toBe(sha256(film))
  })

  it('a chunk PUT succeeds all the same', async () => {
    const session = await api.create(100)
    const bytes = randomVideo(100)
    await whileLocked(async () => {
      const put = await putChunk(session.upload_urls[0]!.url, bytes)
      expect(put).toMatchObject({ status: 200, etag: sha256(bytes) })
    })
  })

  it('an upload that cannot be recorded gets 503 and leaves no folder', async () => {
    const before = await storeOf(server.data).uploads()

    await whileLocked(async () => {
      expect(await api.request('POST', UPLOADS, newUpload)).toMatchObject(unavailable)
    })

    expect((await api.request('POST', UPLOADS, newUpload)).status).toBe(201)
    expect(await storeOf(server.data).uploads()).toHaveLength(before.length + 1)
  })
})

describe("while the store's folder is away", () => {
  async function whileAway(work: () => Promise<void>): Promise<void> {
    const { path } = storeOf(server.data)
    await rename(path, `${path}.away`)
    try {
      await work()
    } finally {
      await rename(`${path}.away`, path)
    }
  }

  it('a chunk PUT gets 503 in the form of S3, and the same PUT succeeds later', async () => {
    const session = await api.create(100)
    const bytes = randomVideo(100)
    const { url } = session.upload_urls[0]!

    await whileAway(async () => {
      const refused = await putChunk(url, bytes)
      expect(refused.status).toBe(503)
      expect(refused.text).toMatch(/<Code>ServiceUnavailable<\/Code><Message>.*\w.*<\/Message>/)
      expect(refused.text).not.toContain(server.data)
    })

    expect(await putChunk(url, bytes)).toMatchObject({ status: 200, etag: sha256(bytes) })
  })

  it('creating an upload gets 503, and later succeeds', async () => {
    await whileAway(async () => {
      const refused = await api.request('POST', UPLOADS, newUpload)
      expect(refused).toMatchObject(unavailable)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    })

    expect((await api.request('POST', UPLOADS, newUpload)).status).toBe(201)
  })

  it('a report gets 503 and not blame, and the same report succeeds later', async () => {
    const { session, proofs } = await sendAll(api, film)
    const report = () =>
      api.request('POST', `${UPLOADS}/${session.upload_id}`, { completed_chunks: proofs })

    await whileAway(async () => {
      expect(await report()).toMatchObject(unavailable)
    })

    const { status, body } = await report()
    expect({ status, body }).toMatchObject({ status: 200, body: { total_completed: 2 } })
    expect(await fetchSha256((body as { url: string }).url)).toBe(sha256(film))
  })

  it('the content of an asset gets 503, and later is there', async () => {
    const { session, proofs } = await sendAll(api, film)
    const { url } = await api.report(session.upload_id, proofs)

    await whileAway(async () => {
      const refused = await fetch(url!)
      expect({ status: refused.status, body: await refused.json() }).toMatchObject(unavailable)
    })

    expect(await fetchSha256(url!)).toBe(sha256(film))
  })

  it('the server is alive but not ready', async () => {
    await whileAway(async () => {
      expect((await fetch(`${server.url}/health`)).status).toBe(200)
      expect((await fetch(`${server.url}/ready`)).status).toBe(503)
    })

    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  })
})
