import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Program, startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, chunksOf, createApi, proofOf, putChunk } from '../support/program-api.ts'
import { keepAlive } from '../support/program-connections.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'

/** A file system of its own with room for `size`, until it is disposed. */
function mountTmpfs(size: string) {
  const path = mkdtempSync(join(tmpdir(), 'partway-tmpfs-'))
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })
  try {
    mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path)
  } catch (error) {
    rmdirSync(path)
    throw error
  }
  return {
    path,
    grow: (larger: string) => mount('-o', `remount,size=${larger}`, path),
    [Symbol.dispose]() {
      execFileSync('umount', [path])
      rmdirSync(path)
    },
  }
}

function mayMount(): boolean {
  try {
    mountTmpfs('1m')[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

// A laptop may do without; CI may not.
describe.skipIf(!process.env.CI && !mayMount())(
  'while the disk is full (needs leave to mount a tmpfs)',
  () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>
    let disk: ReturnType<typeof mountTmpfs>
    let server: Program

    beforeEach(async () => {
      folder = await temporaryFolder()
      disk = mountTmpfs('12m')
      const store = join(disk.path, 'store')
      const env = { PARTWAY_STORE_URL: `file:${store}` }
      server = await startProgram({ data: folder.path, env })
    })
    afterEach(async () => {
      await server?.kill()
      disk?.[Symbol.dispose]()
      await folder?.[Symbol.asyncDispose]()
    })

    it('a PUT gets 507, nothing of it is kept, and the same PUT succeeds later', async () => {
      const api = createApi(server)
      const film = randomVideo(3 * CHUNK)
      const chunks = chunksOf(film)
      const session = await api.create(film.byteLength)
      const put = (i: number) => putChunk(session.upload_urls[i]!.url, chunks[i]!)
      expect([(await put(0)).status, (await put(1)).status]).toEqual([200, 200])

      const refused = await put(2)

      expect(refused.status).toBe(507)
      expect(refused.text).toMatch(/<Code>InsufficientStorage<\/Code>.*full/)
      const bodies = await readdir(join(disk.path, 'store', 'uploads', session.upload_id))
      expect(bodies.toSorted()).toEqual([0, 1].map((i) => `${i + 1}.${sha256(chunks[i]!)}`))
      disk.grow('64m')
      expect(await put(2)).toMatchObject({ status: 200, etag: sha256(chunks[2]!) })
      const proofs = chunks.map((chunk, i) => proofOf(i + 1, sha256(chunk), chunk))
      const { url } = await api.report(session.upload_id, proofs)
      expect(await fetchSha256(url!)).toBe(sha256(film))
    })

    it('a connection goes on working after a 507', async () => {
      const { upload_urls } = await createApi(server).create(5 * CHUNK)
      using agent = keepAlive()

      const answers = [0, 1, 2, 3].map((i) => agent.put(upload_urls[i]!.url, randomVideo(CHUNK)))
      const statuses = [...(await Promise.all(answers)), await agent.get(`${server.url}/health`)]

      expect(statuses).toEqual([200, 200, 507, 507, 200])
    })
  },
)
