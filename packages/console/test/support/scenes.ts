import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { MiB, proofOf, putChunk } from '../../../server/test/support/program-api.ts'
import { makeFilm, makeScene } from './big-film.ts'
import { uploadPage } from './console-page.ts'
import { type ConsoleWorld, enter } from './console-world.ts'
import { storeFile } from './store-file.ts'

/** Films that look like something. */
const FILMS: Record<string, string> = {
  'Night train.mp4':
    'gradients=s=1280x720:c0=0x0b1d3a:c1=0x274b7a:c2=0xd98b5f:x0=0:y0=0:x1=1200:y1=720:n=3',
  'Harbour, first light.mp4':
    'gradients=s=1280x720:c0=0xf3c58b:c1=0x5a89a6:c2=0x1d3b4f:x0=0:y0=0:x1=300:y1=720:n=3',
  'Interview Okafor.mp4':
    'gradients=s=1280x720:c0=0x3c2f2f:c1=0x8d6b57:x0=0:y0=0:x1=1280:y1=400:n=2',
  'Dunes.mp4':
    'gradients=s=1280x720:c0=0xe8b26f:c1=0x9a4f2c:c2=0x2c1a1d:x0=200:y0=0:x1=900:y1=720:n=3',
}

/** A server with assets in it, an upload under way and one that was aborted. */
export async function furnish(
  world: ConsoleWorld,
  /** Of 8 MiB, that have arrived of the upload under way; a multiple of 20. */
  chunks: number,
): Promise<{ upload: string; asset: string }> {
  for (const [name, filter] of Object.entries(FILMS)) {
    const path = join(world.folder, name)
    await makeScene(path, filter, 10 + name.length)
    await storeFile(world, path, { hls: name.startsWith('Night'), thumbnail: true })
  }
  await makeFilm(join(world.folder, 'test.mp4'))
  const aborted = await world.api.create(40 * MiB, 'Backup reel.mov')
  await world.api.request('DELETE', `/assets/multipart-uploads/${aborted.upload_id}`)
  const { upload_id } = await world.api.create(1900 * MiB, 'Master, graded.mov')
  const chunk = new Uint8Array(8 * MiB)
  chunk.set(new TextEncoder().encode('\0\0\0\x18ftypisom\0\0\0\0isommp42'))
  for (let sent = 0; sent < chunks; sent += 20) {
    const { upload_urls } = await world.api.presign(upload_id, sent + 1, 24)
    // With gaps, as where many are under way at once.
    const arrived = upload_urls.filter((_, i) =>
      sent + 20 < chunks ? i < 20 : ![3, 4, 9, 14].includes(i),
    )
    const proofs = []
    for (const { chunk_index: index, url } of arrived) {
      const { etag } = await putChunk(url, chunk)
      proofs.push(proofOf(index, etag!, chunk))
    }
    await world.api.report(upload_id, proofs)
  }
  const assets = async () => (await world.api.assets()).data
  for (;;) {
    const made = await assets()
    if (made.filter(({ thumbnail }) => thumbnail?.status === 'ready').length >= 4) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const asset = (await assets()).find(({ filename }) => filename === 'Night train.mp4')!._id
  await world.api.request('PUT', `/assets/${asset}/user-metadata`, {
    user_metadata: { project: 'Nachtzug', take: 3, graded: true },
  })
  return { upload: upload_id, asset }
}

/** A view, from an empty tab to what there is to see. */
export interface Scene {
  name: string
  show(world: ConsoleWorld, page: Page, made: { upload: string; asset: string }): Promise<void>
}

const heading = (page: Page, name: string | RegExp) =>
  page.getByRole('heading', { level: 1, name }).waitFor()
const settled = (page: Page) => page.waitForTimeout(700)

export const SCENES: Scene[] = [
  {
    name: 'key',
    async show(world, page) {
      await page.goto(world.origin)
      await page.getByLabel('API key').fill('pw_wrong')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').waitFor()
    },
  },
  {
    name: 'upload-empty',
    async show(world, page) {
      await enter(world, page)
      await page.getByRole('button', { name: 'choose files' }).waitFor()
      await settled(page)
    },
  },
  {
    name: 'uploads',
    async show(world, page) {
      await enter(world, page, '#/uploads')
      await page.getByRole('link', { name: /Master/ }).waitFor()
      await settled(page)
    },
  },
  {
    name: 'upload-detail',
    async show(world, page, { upload }) {
      await enter(world, page, `#/uploads/${upload}`)
      await page.getByText(/^[1-9]\d* completed$/).waitFor()
      await settled(page)
    },
  },
  {
    name: 'assets',
    async show(world, page) {
      await enter(world, page, '#/assets')
      await page.getByRole('link', { name: /Dunes/ }).waitFor()
      await settled(page)
    },
  },
  {
    name: 'assets-none',
    async show(world, page) {
      await enter(world, page, '#/assets?name=nowhere')
      await page.getByText('Nothing matches').waitFor()
    },
  },
  {
    name: 'asset-detail',
    async show(world, page, { asset }) {
      await enter(world, page, `#/assets/${asset}`)
      await heading(page, 'Night train.mp4')
      await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2)
      await settled(page)
    },
  },
  {
    name: 'asset-edit',
    async show(world, page, { asset }) {
      await enter(world, page, `#/assets/${asset}`)
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByLabel('Key 1').scrollIntoViewIfNeeded()
    },
  },
  {
    name: 'request',
    async show(world, page, { upload }) {
      await enter(world, page, `#/uploads/${upload}`)
      await page.getByRole('button', { name: 'Show the request' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'confirm',
    async show(world, page, { asset }) {
      await enter(world, page, `#/assets/${asset}`)
      await page.getByRole('button', { name: 'Delete' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'missing',
    async show(world, page) {
      await enter(world, page, '#/assets/000000000000000000000000')
      await page.getByText('There is no such asset').waitFor()
    },
  },
  // From here on: what is sent is seen elsewhere.
  {
    name: 'upload-sending',
    async show(world, page) {
      await enter(world, page)
      const upload = await uploadPage(page)
      await page.getByRole('button', { name: 'Add a pair' }).click()
      await page.getByLabel('Key 1').fill('project')
      await page.getByLabel('Value 1', { exact: true }).fill('Nachtzug')
      await upload.choose(join(world.folder, 'long.mp4'), join(world.folder, 'test.mp4'))
      await upload.slow(4 * MiB)
      await upload.start()
      await upload.percent('long.mp4', 12)
    },
  },
  {
    name: 'upload-failed',
    async show(world, page) {
      await page.route('**/chunks/**', (route) => route.fulfill({ status: 418, body: '' }))
      await enter(world, page)
      const upload = await uploadPage(page)
      await upload.choose(join(world.folder, 'long.mp4'))
      await upload.start()
      await upload.row('long.mp4').getByRole('alert').waitFor()
      await settled(page)
    },
  },
  {
    name: 'upload-go-on',
    async show(world, page) {
      page.on('dialog', (dialog) => dialog.accept())
      await enter(world, page)
      const upload = await uploadPage(page)
      await upload.choose(join(world.folder, 'long.mp4'))
      await upload.slow(4 * MiB)
      await upload.start()
      await upload.percent('long.mp4', 12)
      await page.reload()
      await page.getByRole('heading', { name: 'Go on with 1 file?' }).waitFor()
      await page.getByRole('button', { name: 'choose files' }).waitFor()
      await settled(page)
    },
  },
  {
    name: 'upload-expired',
    async show(world, page, { upload }) {
      // Nothing has expired by now: the server's answer is changed on its way.
      await page.route(`**/multipart-uploads/${upload}**`, async (route) => {
        const response = await route.fetch()
        const answer = await response.json()
        const completed: [from: number, to: number][] = answer.completed ?? []
        const failed = [...completed, [answer.total_chunks + 1]]
          .map(([next], i) => [(completed[i - 1]?.[1] ?? 0) + 1, next! - 1] as const)
          .filter(([from, to]) => from <= to)
        await route.fulfill({ response, json: { ...answer, status: 'expired', failed } })
      })
      await enter(world, page, `#/uploads/${upload}`)
      await page.getByText('It was not complete in time.').waitFor()
      await page.getByText(/^[1-9]\d* failed$/).waitFor()
      await settled(page)
    },
  },
  {
    name: 'asset-failed',
    async show(world, page) {
      const path = join(world.folder, 'Lost reel.mp4')
      await writeFile(path, 'This is no film.\n')
      await enter(world, page, `#/assets/${await storeFile(world, path, { thumbnail: true })}`)
      await page.locator('.error-note').waitFor()
      await settled(page)
    },
  },
  {
    name: 'offline',
    async show(world, page) {
      await enter(world, page)
      await page.getByRole('button', { name: 'choose files' }).waitFor()
      // Uppy has its own to say, for a moment, when the network goes and once three seconds after it came.
      await page.waitForTimeout(3500)
      await page.context().setOffline(true)
      await page.getByText('No network.').waitFor()
      await page.waitForFunction(() => !document.querySelector('.uppy-Informer [role=alert]'))
      await settled(page)
    },
  },
]
