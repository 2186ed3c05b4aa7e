import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram, startProgram, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi } from '../support/program-api.ts'
import { commandEnv } from '../support/program-cli.ts'
import { fetchSha256, storeOf, writeRandomFile } from '../support/program-files.ts'

const CHUNKS = 12

it('finishes `partway upload` although the server is killed twice at random moments', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const path = join(folder.path, 'film.mp4')
  const expected = await writeRandomFile(path, CHUNKS * CHUNK)
  const store = storeOf(data)
  /** Chunks that are stored; all of them once the upload is sealed. */
  const stored = async () => {
    const [uploadId] = await store.uploads()
    if (!uploadId) return (await store.objects()).length * CHUNKS
    return (await store.bodies(uploadId)).filter((name) => !name.endsWith('.tmp')).length
  }
  const moments = [randomInt(1, 5), randomInt(6, 11)]

  let server = await startProgram({ data })
  try {
    const listen = new URL(server.url).host
    let gaveUp = false
    const env = commandEnv(server, folder.path)
    const uploading = runProgram(['upload', path, '--json', '--limit-rate', '10MiB'], env).finally(
      () => {
        gaveUp = true
      },
    )
    for (const moment of moments) {
      const isDue = async () => gaveUp || (await stored()) >= moment
      await expect.poll(isDue, { interval: 2, timeout: 30_000 }).toBe(true)
      await server.kill()
      if (moment === moments[0]) expect(await store.objects(), 'killed too late').toEqual([])
      server = await startProgram({ data, listen })
    }
    const { code, stdout, stderr } = await uploading

    expect({ code, stderr, moments }).toEqual({ code: 0, stderr: '', moments })
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1)!)
    expect(result.sha256).toBe(expected)
    expect(await fetchSha256(result.url)).toBe(expected)
    expect((await createApi(server).assets()).page_info.total_results).toBe(1)
    expect(await store.objects()).toEqual([result.asset_id])
  } finally {
    await server.kill()
  }
})
