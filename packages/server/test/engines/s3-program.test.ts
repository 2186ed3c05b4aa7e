import { join } from 'node:path'
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeMp4, skipsMedia } from '../support/media.ts'
import {
  type Program,
  runProgram,
  startProgram,
  TEST_KEY,
  temporaryFolder,
} from '../support/program.ts'
import { CHUNK, createApi, sendAll } from '../support/program-api.ts'
import { commandEnv, uploadedOf } from '../support/program-cli.ts'
import { fetchSha256, randomVideo, sha256, writeRandomFile } from '../support/program-files.ts'
import { makeBucket, s3Client, s3Environment, s3Missing, s3Url } from '../support/s3.ts'

describe.skipIf(s3Missing)('the built program on SQLite and Ceph', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let server: Program
  let bucket: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    bucket = await makeBucket()
    server = await startProgram({
      data: join(folder.path, 'data'),
      env: {
        ...{ ...s3Environment(), PARTWAY_STORE_URL: s3Url(bucket) },
        ...{ PARTWAY_GRACE_PERIOD: '0s', PARTWAY_SWEEP_INTERVAL: '200ms' },
      },
    })
  })
  afterAll(async () => {
    await server?.kill()
    await folder?.[Symbol.asyncDispose]()
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

  it('takes a file in a form', async () => {
    const bytes = randomVideo(CHUNK)
    const form = new FormData()
    form.set('method', 'direct')
    form.set('file', new File([bytes], 'direct.mp4'))
    const response = await fetch(`${server.url}/v1.3/assets`, {
      ...{ method: 'POST', body: form, headers: { 'x-api-key': TEST_KEY } },
    })
    const { _id: id } = (await response.json()) as { _id: string }
    const { url } = await createApi(server).asset(id)
    expect(await fetchSha256(url!)).toBe(sha256(bytes))
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

  it('leaves nothing in the bucket of what was deleted and aborted', async () => {
    const api = createApi(server)
    const { session } = await sendAll(api, randomVideo(1000))
    await api.request('DELETE', `/assets/multipart-uploads/${session.upload_id}`)
    for (;;) {
      const { data } = await api.assets()
      if (data.length === 0) break
      for (const { _id } of data) await api.request('DELETE', `/assets/${_id}`)
    }
    const client = s3Client()
    const left = async () => {
      const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
      const listing = new ListMultipartUploadsCommand({ Bucket: bucket })
      return [KeyCount, (await client.send(listing)).Uploads?.length ?? 0]
    }
    await expect.poll(left, { timeout: 20_000 }).toEqual([0, 0])
  })
})
