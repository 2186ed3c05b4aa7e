import { appendFile, copyFile, open, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram, TEST_KEY } from '../support/program.ts'
import { CHUNK } from '../support/program-api.ts'
import { type CommandWorld, startCommandWorld, uploadedOf } from '../support/program-cli.ts'
import { randomVideo, writeRandomFile } from '../support/program-files.ts'

describe('partway verify', () => {
  let world: CommandWorld
  let path: string
  let id: string
  beforeAll(async () => {
    world = await startCommandWorld()
    path = world.at('film.mp4')
    await writeRandomFile(path, 3 * CHUNK + 7)
    id = uploadedOf(await world.partway('upload', path, '--json')).asset_id
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('says that a file is identical, and ends with 0', async () => {
    const { code, stdout } = await world.partway('verify', path, id)
    const json = await world.partway('verify', path, id, '--json')

    expect({ code, stdout }).toEqual({ code: 0, stdout: `${path} is identical to asset ${id}.\n` })
    expect(JSON.parse(json.stdout)).toEqual({ file: path, asset_id: id, identical: true })
  })

  it('finds a file identical that the server cut itself', async () => {
    const bytes = randomVideo(1000)
    const form = new FormData()
    form.set('method', 'direct')
    form.set('file', new File([bytes], 'direct.mp4'))
    const response = await fetch(`${world.server.url}/v1.3/assets`, {
      ...{ method: 'POST', body: form, headers: { 'x-api-key': TEST_KEY } },
    })
    const { _id } = (await response.json()) as { _id: string }
    const file = world.at('direct.mp4')
    await writeFile(file, bytes)

    expect(await world.partway('verify', file, _id)).toMatchObject({ code: 0 })
  })

  it('says that one changed byte makes a difference, and ends with 1', async () => {
    const changed = world.at('changed.mp4')
    await copyFile(path, changed)
    const file = await open(changed, 'r+')
    await file.write('x', CHUNK + 1)
    await file.close()

    const { code, stdout } = await world.partway('verify', changed, id)
    const json = await world.partway('verify', changed, id, '--json')

    expect(code).toBe(1)
    expect(stdout).toBe(`${changed} differs from asset ${id}: the bytes are not the same.\n`)
    expect(JSON.parse(json.stdout)).toMatchObject({ identical: false })
  })

  it('tells another size without reading', async () => {
    const longer = world.at('longer.mp4')
    await copyFile(path, longer)
    await appendFile(longer, 'x')

    const { code, stdout } = await world.partway('verify', longer, id)

    expect(code).toBe(1)
    expect(stdout).toContain(`the file has ${3 * CHUNK + 8} bytes, the asset ${3 * CHUNK + 7}.`)
  })

  it('says when the store gives nothing to compare with', async () => {
    await using store = await startOpaqueStore(3 * CHUNK + 7)

    const { code, stderr } = await runProgram(['verify', path, id], {
      ...world.env,
      PARTWAY_SERVER: store.url,
    })

    expect(code).toBe(1)
    expect(stderr).toMatch(/cannot be compared: the ETag of its store is no digest of the chunks/)
  })

  it('ends with 1 for an asset or a file that is not there', async () => {
    const noAsset = await world.partway('verify', path, '0'.repeat(24))
    const noFile = await world.partway('verify', world.at('missing.mp4'), id)

    expect(noAsset.code).toBe(1)
    expect(noAsset.stderr).toContain('[resource_not_exist]')
    expect(noFile.code).toBe(1)
    expect(noFile.stderr).toBe(`Failed: ${world.at('missing.mp4')}: there is no such file.\n`)
  })
})

/** A server whose content lies in a store whose ETags say nothing of the bytes. */
async function startOpaqueStore(size: number) {
  const server = createServer(({ url }, response) => {
    if (url === '/content') response.setHeader('etag', '"0x8DB2F4A1C6D3E50"')
    response.end(JSON.stringify({ url: `${address()}/content`, size }))
  })
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: address(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
