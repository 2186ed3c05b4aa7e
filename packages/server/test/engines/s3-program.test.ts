import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeMp4, skipsMedia } from '../support/media.ts'
import { type Program, runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi } from '../support/program-api.ts'
import { commandEnv, uploadedOf } from '../support/program-cli.ts'
import { fetchSha256, writeRandomFile } from '../support/program-files.ts'
import { makeBucket, s3Environment, s3Missing, s3Url } from '../support/s3.ts'
import { createSdk, tameSdk } from '../support/sdk.ts'

describe.skipIf(s3Missing)('the built program on SQLite and Ceph', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program
  tameSdk()

  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startProgram({
      data: join(folder.path, 'data'),
      env: { ...s3Environment(), PARTWAY_STORE_URL: s3Url(await makeBucket()) },
    })
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
  })

  it.each([
    ['of 1 byte', 1],
    ['of exactly one chunk', CHUNK],
    ['of one byte over a multiple', 2 * CHUNK + 1],
    ['of 60 chunks', 59 * CHUNK + 777],
  ])('takes a file %s from the official client, and its bytes come back', async (_name, size) => {
    const path = join(folder.path, `film-${size}.mp4`)
    const expected = await writeRandomFile(path, size)

    const { assetId, assetUrl } = await createSdk(server).multipartUpload.uploadFile(path)

    expect(await fetchSha256(assetUrl)).toBe(expected)
    expect(await createSdk(server).assets.retrieve(assetId)).toMatchObject({ id: assetId, size })
  })

  it('takes a file from our command line, and finds it identical', async () => {
    const path = join(folder.path, 'ours.mp4')
    const expected = await writeRandomFile(path, 3 * CHUNK + 7)
    const env = commandEnv(server, folder.path)

    const { asset_id: id } = uploadedOf(await runProgram(['upload', path, '--json'], env))

    const { url } = await createApi(server).asset(id)
    expect(await fetchSha256(url!)).toBe(expected)
    expect(await runProgram(['verify', path, id], env)).toMatchObject({ code: 0 })
    const other = join(folder.path, 'other.mp4')
    await writeRandomFile(other, 3 * CHUNK + 7)
    expect(await runProgram(['verify', other, id], env)).toMatchObject({ code: 1 })
  })

  it.skipIf(skipsMedia)('makes a thumbnail and a stream of a film, and serves them', async () => {
    const path = join(folder.path, 'real.mp4')
    makeMp4(path)
    const env = commandEnv(server, folder.path)
    const uploading = runProgram(['upload', path, '--json', '--hls', '--thumbnail'], env)
    const { asset_id: id } = uploadedOf(await uploading)
    const api = createApi(server)
    await expect
      .poll(async () => (await api.asset(id)).hls?.status, { timeout: 30_000 })
      .toBe('ready')

    const asset = await api.asset(id)

    expect(asset.status).toBe('ready')
    const manifest = await fetch(asset.hls!.manifest_url!)
    expect(manifest.redirected).toBe(false)
    expect(await manifest.text()).toMatch(/^#EXTM3U/)
    const thumbnail = await fetch(asset.thumbnail!.representative_url!)
    expect(thumbnail.redirected).toBe(true)
    expect(thumbnail.headers.get('content-type')).toBe('image/jpeg')
  })
})
