import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Program, runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { createApi, putChunk, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'

interface Key {
  id: string
  key: string
  account: string
}

describe('keys', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program

  beforeAll(async () => {
    folder = await temporaryFolder()
    const env = { PARTWAY_LOG_LEVEL: 'debug' }
    server = await startProgram({ data: join(folder.path, 'data'), env })
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
  })

  const keys = (...args: string[]) => runProgram(['keys', ...args, '--data', server.data])
  const create = async (account: string): Promise<Key> =>
    JSON.parse((await keys('create', '--account', account, '--json')).stdout)

  it('work on a running server as soon as they are made', async () => {
    const { code, stdout } = await keys('create', '--account', 'studio', '--name', 'ingest')

    expect(code).toBe(0)
    const [, id, key] = /^Key (\w{16}) for account studio, shown only now:\n(pw_\S+)\n$/.exec(
      stdout,
    )!
    expect((await createApi(server, key).request('GET', '/assets')).status).toBe(200)
    expect((await keys('list')).stdout).toMatch(new RegExp(`^${id} +studio +\\S+ +- +ingest$`, 'm'))
  })

  it('are refused at once when they are revoked', async () => {
    const { id, key } = await create('studio')
    const api = createApi(server, key)
    expect((await api.request('GET', '/assets')).status).toBe(200)

    expect(await keys('revoke', id)).toMatchObject({ code: 0, stdout: `Key ${id} is revoked.\n` })

    expect(await api.request('GET', '/assets')).toMatchObject({
      ...{ status: 401, body: { code: 'api_key_invalid' } },
    })
    const listed: { id: string; revoked_at: string | null }[] = JSON.parse(
      (await keys('list', '--json')).stdout,
    )
    expect(listed.find((record) => record.id === id)?.revoked_at).toMatch(/^\d{4}-/)
    expect(await keys('revoke', id)).toMatchObject({ code: 1, stdout: '' })
  })

  it('of another account see nothing', async () => {
    const owner = createApi(server, (await create('owner')).key)
    const stranger = createApi(server, (await create('stranger')).key)
    const open = await owner.create(100)
    const { session, proofs } = await sendAll(owner, randomVideo(10))
    await owner.report(session.upload_id, proofs)
    const upload = `/assets/multipart-uploads/${open.upload_id}`
    const asset = `/assets/${session.asset_id}`

    expect((await owner.uploads()).data).toHaveLength(1)
    expect((await owner.assets()).data).toHaveLength(2)
    expect((await stranger.uploads()).data).toEqual([])
    expect((await stranger.assets()).data).toEqual([])
    const attempts: [string, string, unknown?][] = [
      ['GET', upload],
      ['DELETE', upload],
      ['POST', upload, { completed_chunks: proofs }],
      ['POST', `${upload}/presigned-urls`, { start: 1, count: 1 }],
      ['GET', asset],
      ['DELETE', asset],
    ]
    for (const [method, path, body] of attempts) {
      expect(await stranger.request(method, path, body), `${method} ${path}`).toMatchObject({
        ...{ status: 404, body: { code: 'resource_not_exist' } },
      })
    }
    expect((await owner.status(open.upload_id)).status).toBe('active')
  })

  it('are nowhere in the data folder in clear', async () => {
    const { key } = await create('studio')
    expect((await createApi(server, key).request('GET', '/assets')).status).toBe(200)
    const files: Buffer[] = []
    for await (const entry of glob('**', { cwd: server.data, withFileTypes: true })) {
      if (entry.isFile()) files.push(await readFile(join(entry.parentPath, entry.name)))
    }
    const isStored = (text: string) => files.some((bytes) => bytes.includes(text))

    expect(isStored(sha256(Buffer.from(key))), 'the hash').toBe(true)
    expect(isStored(key)).toBe(false)
    expect(isStored(key.slice(3, 23))).toBe(false)
  })

  it('and signatures are not in the log, whatever is asked', async () => {
    const { key } = await create('studio')
    const api = createApi(server, key)
    const bytes = randomVideo(1000)
    const { session, proofs } = await sendAll(api, bytes)
    const { url } = session.upload_urls[0]!
    const { url: content } = await api.report(session.upload_id, proofs)
    expect(await fetchSha256(content!)).toBe(sha256(bytes))
    expect((await putChunk(`${url}x`, bytes)).status).toBe(403)
    expect((await putChunk(url.replace('/chunks/', '/nothing/'), bytes)).status).toBe(403)
    expect((await fetch(content!.replace('expires=', 'expires=1'))).status).toBe(403)
    expect((await fetch(`${server.url}/v1.3/nothing?x-api-key=${key}`)).status).toBe(404)
    expect((await createApi(server, `${key}x`).request('GET', '/assets')).status).toBe(401)

    const { pathname, search } = new URL(content!)
    const signed = `${search.split('signature=')[1]}`
    for (const target of [
      `${pathname}%zz${search}`,
      `/files/${session.asset_id}/1.${signed}/%zz`,
    ]) {
      const refused = await fetch(server.url + target)
      expect(refused.status).toBe(400)
      expect(await refused.text()).not.toContain(signed)
    }

    for (const path of [new URL(url).pathname, new URL(content!).pathname, '/v1.3/nothing']) {
      await expect.poll(() => server.stderr()).toContain(`"path":"${path}"`)
    }
    const log = server.stderr()
    for (const secret of [url, content!].map((text) => text.split('signature=')[1]!)) {
      expect(log).not.toContain(secret)
    }
    expect(log).not.toContain('signature=')
    expect(log).not.toContain(key)
  })
})
