import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi, putChunk } from '../support/program-api.ts'
import { keepAlive, startSlowPut } from '../support/program-connections.ts'
import { randomVideo, sha256, storeOf } from '../support/program-files.ts'

describe('the body of a chunk PUT', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program
  const bytes = randomVideo(CHUNK)

  beforeAll(async () => {
    folder = await temporaryFolder()
    const env = { PARTWAY_STALL_TIMEOUT: '4s' }
    server = await startProgram({ data: folder.path, env })
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
  })

  async function startHalf() {
    const session = await createApi(server).create(CHUNK)
    const { url } = session.upload_urls[0]!
    const put = startSlowPut(url, CHUNK)
    await put.send(bytes.subarray(0, CHUNK / 2))
    const bodies = () => storeOf(server.data).bodies(session.upload_id)
    await expect.poll(bodies).toEqual([expect.stringMatching(/^1\.\w+\.tmp$/)])
    return { put, bodies, url }
  }

  it('that stalls is cut off and leaves no file; the same URL works again', async () => {
    const { put, bodies, url } = await startHalf()
    const started = performance.now()

    expect(await put.outcome).toBe('ECONNRESET')

    expect(performance.now() - started).toBeLessThan(40_000)
    await expect.poll(bodies).toEqual([])
    expect(await putChunk(url, bytes)).toMatchObject({ status: 200, etag: sha256(bytes) })
  })

  it('that is slow but never stalls is taken', async () => {
    const { put, bodies } = await startHalf()

    for (let sent = CHUNK / 2; sent < CHUNK; sent += CHUNK / 16) {
      await sleep(700)
      await put.send(bytes.subarray(sent, sent + CHUNK / 16))
    }
    put.request.end()

    expect(await put.outcome).toBe(200)
    expect(await bodies()).toEqual([`1.${sha256(bytes)}`])
  })

  it('that is cut short by the client leaves no file', async () => {
    const { put, bodies } = await startHalf()

    put.request.destroy()

    expect(await put.outcome).toBe('ECONNRESET')
    await expect.poll(bodies).toEqual([])
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  })
})

it('lets a connection go on working after a chunk PUT is refused', async () => {
  await using folder = await temporaryFolder()
  await using server = await startProgram({ data: folder.path })
  const api = createApi(server)
  const bytes = randomVideo(CHUNK)
  const { upload_id, upload_urls } = await api.create(CHUNK + 1)
  const [url, last] = upload_urls.map((chunk) => chunk.url) as [string, string]
  await rm(join(storeOf(server.data).path, 'uploads', upload_id), { recursive: true })
  using connection = keepAlive()

  const statuses: (number | string)[] = []
  for (const refused of [`${url}x`, last, url]) {
    statuses.push(await connection.put(refused, bytes))
    statuses.push(await connection.get(`${server.url}/health`))
  }

  // An altered signature, another length than was signed, an upload that is gone.
  expect(statuses).toEqual([403, 200, 400, 200, 404, 200])
})
