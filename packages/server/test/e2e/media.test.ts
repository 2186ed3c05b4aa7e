import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Asset } from '@partway/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settled } from '../support/assets-create.ts'
import { makeMp4, makePng, skipsMedia } from '../support/media.ts'
import {
  clientEnv,
  type Program,
  runProgram,
  startProgram,
  temporaryFolder,
} from '../support/program.ts'
import { fetchSha256, sha256 } from '../support/program-files.ts'

describe('media', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program

  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startProgram({ data: join(folder.path, 'data') })
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
  })

  /** Uploads with the command line and waits until the asset is processed. */
  async function upload(path: string, ...options: string[]): Promise<Asset> {
    const args = ['upload', path, '--json', ...options]
    const { code, stdout, stderr } = await runProgram(args, clientEnv(server))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { asset_id } = JSON.parse(stdout.trim().split('\n').at(-1)!)
    return settled(server, asset_id)
  }

  it.skipIf(skipsMedia)('an MP4 made by ffmpeg becomes ready (needs ffmpeg)', async () => {
    const path = join(folder.path, 'film.mp4')
    makeMp4(path)
    const bytes = await readFile(path)

    const asset = await upload(path)

    expect(asset).toMatchObject({
      ...{ status: 'ready', file_type: 'video/mp4', filename: 'film.mp4', size: bytes.byteLength },
    })
    expect(asset.error).toBeUndefined()
    const content = await fetch(asset.url!, { method: 'HEAD' })
    expect(content.headers.get('content-type')).toBe('video/mp4')
    expect(await fetchSha256(asset.url!)).toBe(sha256(bytes))
  })

  it.skipIf(skipsMedia)('a PNG declared as image becomes ready (needs ffmpeg)', async () => {
    const path = join(folder.path, 'still.png')
    makePng(path)

    expect(await upload(path)).toMatchObject({ status: 'ready', file_type: 'image/png' })
  })

  it.skipIf(skipsMedia)('a PNG declared as video fails and says why (needs ffmpeg)', async () => {
    const path = join(folder.path, 'frame.png')
    makePng(path)

    const asset = await upload(path, '--type', 'video')

    expect(asset.status).toBe('failed')
    expect(asset.error?.message).toBe('The content is image/png, not video.')
  })

  it('a text declared as video fails and says why', async () => {
    const path = join(folder.path, 'letter.mp4')
    await writeFile(path, 'Dear reader, this is no film.')

    const asset = await upload(path)

    expect(asset.status).toBe('failed')
    expect(asset.error?.message).toMatch(/^The content is not recognised as video/)
  })
})
