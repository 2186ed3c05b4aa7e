import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Program, runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi } from '../support/program-api.ts'
import { commandEnv } from '../support/program-cli.ts'
import { fetchSha256, randomVideo, sha256, writeRandomFile } from '../support/program-files.ts'

describe('the command line against a running server', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program
  const partway = (...args: string[]) => runProgram(args, commandEnv(server, folder.path))
  const lastLine = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!)

  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startProgram({ data: join(folder.path, 'data') })
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
  })

  it('uploads a file and ends with one JSON line', async () => {
    const path = join(folder.path, 'holiday film.mp4')
    const expected = await writeRandomFile(path, 3 * CHUNK + 17)

    const { code, stdout, stderr } = await partway('upload', path, '--json')

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const result = lastLine(stdout)
    expect(result).toMatchObject({ event: 'uploaded', file: path, sha256: expected })
    expect(await fetchSha256(result.url)).toBe(expected)
    expect(await createApi(server).asset(result.asset_id)).toMatchObject({
      filename: 'holiday film.mp4',
    })
    expect((await createApi(server).status(result.upload_id)).status).toBe('completed')
  })

  it('tells a person what it uploaded and where it is', async () => {
    const path = join(folder.path, 'note.bin')
    const bytes = randomVideo(100)
    await writeFile(path, bytes)

    const { code, stdout } = await partway('upload', path, '--type', 'video')

    expect(code).toBe(0)
    expect(stdout).toContain(`Uploaded ${path}: 100 B`)
    expect(stdout).toContain(`sha256  ${sha256(bytes)}`)
    const url = /url +(\S+)/.exec(stdout)![1]!
    expect(await fetchSha256(url)).toBe(sha256(bytes))
  })

  it('lists, shows and aborts uploads', async () => {
    const { upload_id: id } = await createApi(server).create(2 * CHUNK, 'half.mp4')

    const listed = await partway('uploads', 'list')
    expect(listed.stdout).toMatch(new RegExp(`^${id} +active +0/2 .* half\\.mp4$`, 'm'))
    expect(lastLine((await partway('uploads', 'list', '--json')).stdout)).toContainEqual(
      expect.objectContaining({ upload_id: id, filename: 'half.mp4' }),
    )
    const status = await partway('uploads', 'status', id)
    expect(status.stdout).toContain('half.mp4 (10.0 MiB) is active.')
    expect(status.stdout).toContain('0 of 2 reported, 2 pending, 0 failed')

    expect(await partway('uploads', 'abort', id)).toMatchObject({
      ...{ code: 0, stdout: `Upload ${id} is aborted.\n` },
    })
    expect(lastLine((await partway('uploads', 'status', id, '--json')).stdout)).toMatchObject({
      ...{ upload_id: id, status: 'failed', chunks_failed: 2 },
    })
  })

  it('lists, shows, downloads and deletes assets', async () => {
    const path = join(folder.path, 'short.mp4')
    const expected = await writeRandomFile(path, CHUNK + 1)
    const { asset_id: id } = lastLine((await partway('upload', path, '--json')).stdout)
    const saved = join(folder.path, 'saved.mp4')

    expect((await partway('assets', 'list')).stdout).toMatch(
      new RegExp(`^${id} +\\w+ +5\\.0 MiB .* short\\.mp4$`, 'm'),
    )
    expect(JSON.parse((await partway('assets', 'get', id)).stdout)).toMatchObject({
      ...{ _id: id, size: CHUNK + 1 },
    })
    expect((await partway('assets', 'download', id, '-o', saved)).code).toBe(0)
    expect(sha256(await readFile(saved))).toBe(expected)
    expect((await partway('assets', 'delete', id)).code).toBe(0)

    const gone = await partway('assets', 'get', id)
    expect(gone).toMatchObject({ code: 1, stdout: '' })
    expect(gone.stderr).toMatch(
      /^Failed: .*does not exist.*\[resource_not_exist\] \(request .+\)$/m,
    )
  })

  it('leaves the file that is there alone when a download fails', async () => {
    const saved = join(folder.path, 'kept.mp4')
    await writeFile(saved, 'kept')

    const { code } = await partway('assets', 'download', '0'.repeat(24), '-o', saved)

    expect(code).toBe(1)
    expect(await readFile(saved, 'utf8')).toBe('kept')
  })
})
