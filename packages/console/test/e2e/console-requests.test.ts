import { execFile, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { CreateUploadResponse } from '@partway/protocol'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { TEST_KEY } from '../../../server/test/support/program.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { makeFilm } from '../support/big-film.ts'
import { type ConsoleWorld, enter, openPage, startConsoleWorld } from '../support/console-world.ts'
import { storeFile } from '../support/store-file.ts'

const CURL = '/usr/bin/curl'
const ENV = { ...process.env, PARTWAY_API_KEY: TEST_KEY }
const noCurl = !existsSync(CURL)
if (noCurl && process.env.CI) throw new Error(`${CURL} is needed to run what the console shows`)

const why = noCurl ? `(skipped: no ${CURL})` : inChromium

describe.skipIf(skipsChromium || noCurl)(`the requests that the console shows ${why}`, () => {
  let world: ConsoleWorld
  let page: Page
  let asset: string
  beforeAll(async () => {
    world = await startConsoleWorld()
    await makeFilm(join(world.folder, "it's a film.mp4"))
    asset = await storeFile(world, join(world.folder, "it's a film.mp4"))
    await writeFile(join(world.folder, 'chunk-1'), randomFillSync(Buffer.alloc(CHUNK)))
    ;({ page } = await openPage(world))
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  /** The commands of a view. */
  async function shown(route: string, heading: string): Promise<string[]> {
    await enter(world, page, route)
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await page.getByRole('button', { name: 'Show the request' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    const commands = await dialog.locator('pre').allTextContents()
    await page.keyboard.press('Escape')
    return commands
  }

  /** As somebody would who pastes it into a shell; an answer that refuses is an error. */
  async function run(command: string | undefined, ...more: string[]): Promise<string> {
    const text = [command!, '-sS', '--fail-with-body', ...more].join(' ')
    const options = { cwd: world.folder, env: ENV, timeout: 20_000 }
    return (await promisify(execFile)('sh', ['-c', text], options)).stdout
  }

  it('upload, go on and cancel', async () => {
    const commands = await shown('#/', 'Upload')
    const [create, put, report, presign, status, cancel, ...others] = commands
    expect(others).toEqual([])
    const made: CreateUploadResponse = JSON.parse(await run(create))
    const own = (text: string | undefined) => text?.replace('UPLOAD_ID', made.upload_id)
    const { upload_urls: urls } = JSON.parse(await run(own(presign)))
    expect(urls).toHaveLength(10)
    const answer = await run(put?.replace('https://URL_OF_THE_CHUNK', `'${urls[0].url}'`))
    const [, etag] = /^etag: "(\w+)"/im.exec(answer)!
    await run(own(report)!.replace('ETAG', etag!))
    expect(JSON.parse(await run(own(status)))).toMatchObject({
      ...{ status: 'active', chunks_completed: 1, uploaded_size: CHUNK },
    })
    await run(own(cancel))
    expect(await world.api.status(made.upload_id)).toMatchObject({ status: 'failed' })
  })

  it('list uploads, tell what changes, and abort one', async () => {
    const { upload_id: id } = await world.api.create(CHUNK, 'one.mp4')
    const [list, events, abort, ...others] = await shown('#/uploads', 'Uploads')
    expect(others).toEqual([])
    expect(await run(list)).toContain(id)
    // It would go on for ever.
    const watching = spawn('sh', ['-c', `exec ${events} -sS`], { env: ENV })
    let told = ''
    watching.stdout.on('data', (data) => {
      told += data
    })
    await expect.poll(() => told).toContain('event: ready')
    watching.kill()
    await run(abort?.replace('UPLOAD_ID', id))
    expect(await world.api.status(id)).toMatchObject({ status: 'failed' })
  })

  it('read the chunks of an upload, and abort it', async () => {
    const { upload_id: id } = await world.api.create(CHUNK, 'two.mp4')
    const [map, status, abort, ...others] = await shown(`#/uploads/${id}`, 'two.mp4')
    expect(others).toEqual([])
    expect(JSON.parse(await run(map))).toMatchObject({ total_chunks: 1, completed: [] })
    expect(JSON.parse(await run(status))).toMatchObject({ upload_id: id, status: 'active' })
    await run(abort)
    expect(await world.api.status(id)).toMatchObject({ status: 'failed' })
  })

  it('list, read, change, download and delete assets', async () => {
    const [list, ...more] = await shown('#/assets?name=it%27s&type=video', 'Assets')
    expect(more).toEqual([])
    expect(JSON.parse(await run(list)).data).toMatchObject([{ _id: asset }])
    await world.api.request('PUT', `/assets/${asset}/user-metadata`, {
      user_metadata: { who: `it's "$HOME"` },
    })
    const [read, change, download, remove, ...others] = await shown(
      `#/assets/${asset}`,
      "it's a film.mp4",
    )
    expect(others).toEqual([])
    expect(JSON.parse(await run(read))).toMatchObject({ filename: "it's a film.mp4" })
    await run(change)
    expect((await world.api.asset(asset)).user_metadata).toEqual({ who: `it's "$HOME"` })
    await run(download)
    expect(await readFile(join(world.folder, 'it-s-a-film.mp4'))).toEqual(
      await readFile(join(world.folder, "it's a film.mp4")),
    )
    await run(remove)
    expect((await world.api.request('GET', `/assets/${asset}`)).status).toBe(404)
  })
})
