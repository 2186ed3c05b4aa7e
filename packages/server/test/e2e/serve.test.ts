import { readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type Program,
  runProgram,
  startProgram,
  TEST_KEY,
  temporaryFolder,
} from '../support/program.ts'
import { CHUNK, createApi } from '../support/program-api.ts'
import { startSlowPut } from '../support/program-connections.ts'
import { randomVideo, storeOf } from '../support/program-files.ts'

describe('`partway serve`', () => {
  it('picks a free port for port 0 and says where it is ready', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({ data: folder.path })

    expect(server.stdout()).toMatch(/^Partway is ready at http:\/\/127\.0\.0\.1:[1-9]\d*$/m)
    expect((await fetch(`${server.url}/health`)).status).toBe(200)
    expect((await fetch(`${server.url}/ready`)).status).toBe(200)
  })

  it('prints a key that works at the first start, and none at the second', async () => {
    await using folder = await temporaryFolder()
    const data = join(folder.path, 'new', 'data')
    let key: string
    {
      await using first = await startProgram({ data, apiKey: null })
      key = /\bpw_[\w-]{43}\b/.exec(first.stdout())![0]
      expect(first.stdout()).toContain(`Console: ${first.url}/#key=${key}\nPartway is ready`)
      expect((await createApi(first, key).assets()).data).toEqual([])
      expect((await createApi(first, `${key}x`).request('GET', '/assets')).status).toBe(401)
    }
    await using second = await startProgram({ data, apiKey: null })

    expect(second.stdout()).not.toContain('pw_')
    expect(second.stdout()).toContain(
      `Console: ${second.url}/\nIt asks for an API key; with the settings of this server, partway keys create makes one\n`,
    )
    expect((await createApi(second, key).assets()).data).toEqual([])
  })

  it('shows the key at the first start that succeeds', async () => {
    await using folder = await temporaryFolder()
    await using taken = await startProgram({ data: join(folder.path, 'other') })
    const data = join(folder.path, 'data')
    const listen = taken.url.replace('http://', '')
    const failed = await runProgram(['serve', '--listen', listen, '--data', data])
    expect(failed).toMatchObject({ code: 1, stdout: '' })
    await using server = await startProgram({ data, apiKey: null })
    expect(server.stdout()).toMatch(/\bpw_[\w-]{43}\b/)
  })

  it('makes no key when one is set', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({ data: folder.path })

    expect(server.stdout()).not.toContain('pw_')
    expect(server.stdout()).toContain(`Console: ${server.url}/\n`)
    const { code, stdout } = await runProgram(['keys', 'list', '--json', '--data', folder.path])
    expect({ code, keys: JSON.parse(stdout) }).toEqual({ code: 0, keys: [] })
  })

  it('takes settings from the environment', async () => {
    await using folder = await temporaryFolder()
    const env = { PARTWAY_API_KEY: TEST_KEY, PARTWAY_PUBLIC_URL: 'https://media.example.com' }
    await using server = await startProgram({ data: folder.path, env, apiKey: null })

    expect(server.stdout()).toContain('Console: https://media.example.com/\n')
    const { upload_urls } = await createApi(server).create(1)

    expect(upload_urls[0]!.url).toMatch(/^https:\/\/media\.example\.com\/chunks\//)
  })

  it('links the console at an address that a browser here can open, and serves it there', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({ data: folder.path, listen: '0.0.0.0:0' })

    const { port } = new URL(server.url)
    expect(server.stdout()).toContain(`Console: http://127.0.0.1:${port}/\n`)
    const page = await fetch(`http://127.0.0.1:${port}/`)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('refuses to start on a port that is taken', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({ data: join(folder.path, 'one') })
    const listen = new URL(server.url).host

    const { code, stdout, stderr } = await runProgram([
      ...['serve', '--listen', listen, '--data', join(folder.path, 'two')],
    ])

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Failed: .*EADDRINUSE.*\n$/)
  })
})

describe('the signing key', () => {
  it('is refused when the setting is empty', async () => {
    await using folder = await temporaryFolder()

    const { code, stdout, stderr } = await runProgram(['serve', '--data', folder.path], {
      PARTWAY_SIGNING_KEYS: '',
    })

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/PARTWAY_SIGNING_KEYS must be .*none empty/)
    expect(await readdir(folder.path)).toEqual([])
  })

  it('is refused when the file is empty', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'signing.key')
    await writeFile(path, '')

    const { code, stdout, stderr } = await runProgram(['serve', '--data', folder.path])

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`${path} must hold a key of at least 32 characters`)
  })
})

describe('SIGTERM', () => {
  /** Half a chunk is on its way. */
  async function startPut(server: Program) {
    const session = await createApi(server).create(CHUNK)
    const bytes = randomVideo(CHUNK)
    const put = startSlowPut(session.upload_urls[0]!.url, CHUNK)
    await put.send(bytes.subarray(0, CHUNK / 2))
    const bodies = () => storeOf(server.data).bodies(session.upload_id)
    await expect.poll(bodies).toEqual([expect.stringMatching(/^1\.\w+\.tmp$/)])
    return { put, rest: bytes.subarray(CHUNK / 2), bodies }
  }

  const accepts = ({ url }: Program) =>
    new Promise<boolean>((resolve) => {
      const { hostname, port } = new URL(url)
      const socket = connect(Number(port), hostname, () => resolve(true))
      socket.on('error', () => resolve(false)).on('connect', () => socket.destroy())
    })

  it('lets a PUT under way finish, refuses new connections and ends with 0', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({ data: folder.path })
    const { put, rest, bodies } = await startPut(server)
    expect(await accepts(server)).toBe(true)

    server.process.kill('SIGTERM')
    await expect.poll(() => accepts(server)).toBe(false)
    put.request.end(rest)

    expect(await put.outcome).toBe(200)
    expect(await server.ended).toBe(0)
    expect(await bodies()).toEqual([expect.stringMatching(/^1\.[0-9a-f]{64}$/)])
  })

  it('ends with 0 at once when nothing is under way', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({
      data: folder.path,
      env: { PARTWAY_DRAIN_TIMEOUT: '1h' },
    })
    await createApi(server).assets()

    expect(await server.kill('SIGTERM')).toBe(0)
  })

  it('does not wait longer than the drain timeout', async () => {
    await using folder = await temporaryFolder()
    await using server = await startProgram({
      ...{ data: folder.path, env: { PARTWAY_DRAIN_TIMEOUT: '300ms' } },
    })
    const { put, bodies } = await startPut(server)

    expect(await server.kill('SIGTERM')).toBe(0)

    expect(await put.outcome).toBe('ECONNRESET')
    const complete = (await bodies()).filter((name) => !name.endsWith('.tmp'))
    expect(complete, 'what was cut short').toEqual([])
  })
})
