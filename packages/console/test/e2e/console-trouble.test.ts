import { describe, expect, it } from 'vitest'
import { inChromium, skipsChromium } from '../../../client/test/support/browser-chromium.ts'
import { first } from '../../../client/test/support/faults.ts'
import { CHUNK } from '../../../server/test/support/program-api.ts'
import { fetchSha256 } from '../../../server/test/support/program-files.ts'
import { NAME, SIZE, SLOW, uploading } from '../support/uploading.ts'

describe.skipIf(skipsChromium)(`trouble while the console uploads ${inChromium}`, () => {
  const at = uploading()

  it('shows the chunk that failed, with its code, and sends the rest when it is tried again', async () => {
    at.proxy.reset(first('chunk', { kind: 'answer', status: 418 }, { chunks: [3] }))
    await at.upload.choose(at.path)
    await at.upload.start()
    const alert = at.upload.row(NAME).getByRole('alert')
    await alert.getByText('Chunk 3 could not be sent').waitFor()
    expect(await alert.textContent()).toMatch(/generic_error · HTTP 418/)
    const [before] = await at.active()
    await alert.getByRole('button', { name: 'Try again' }).click()
    await at.upload.stored(NAME)
    await at.stored()
    expect(before).toMatchObject({ filename: NAME, total_chunks: Math.ceil(SIZE / CHUNK) })
    expect(await at.active()).toEqual([])
  })

  it('sends a file once that is tried again twice before the server has answered', async () => {
    at.proxy.reset(first('chunk', { kind: 'answer', status: 418 }, { chunks: [3] }))
    await at.upload.choose(at.path)
    await at.upload.start()
    const row = at.upload.row(NAME)
    await row.getByRole('alert').waitFor()
    const [begun] = await at.active()
    const answer = Promise.withResolvers<void>()
    let asked = 0
    await at.page.route(`**/multipart-uploads/${begun!.upload_id}*`, async (route) => {
      if (route.request().method() === 'GET') asked++
      await answer.promise
      await route.continue()
    })
    await row.getByRole('button', { name: 'Try again' }).evaluate((button: HTMLElement) => {
      button.click()
      button.click()
    })
    await expect.poll(() => asked).toBe(1)
    await at.page.waitForTimeout(500)
    expect(asked).toBe(1)
    answer.resolve()
    await at.upload.stored(NAME)
    await at.stored()
    // The Dashboard still tells for a while of the failure before.
    expect(await at.page.getByText('is being uploaded already').count()).toBe(0)
    expect(await row.getByRole('alert').count()).toBe(0)
    expect((await at.world.api.assets()).data).toHaveLength(1)
    expect(await at.world.api.status(begun!.upload_id)).toMatchObject({ status: 'completed' })
  })

  it('sends on while the server is there, though the machine has no network', async () => {
    await at.sendTo(10)
    await at.page.evaluate(() => {
      Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false })
      window.dispatchEvent(new Event('offline'))
    })
    await at.upload.percent(NAME, 30)
    expect(await at.page.getByText('No network.').count()).toBe(0)
    await at.upload.slow(-1)
    await at.upload.stored(NAME)
    await at.stored()
  })

  it('notices that the network is gone, though the server answered once without it', async () => {
    let isOnItsWay = true
    await at.page.route('**/ready', (route) => {
      if (!isOnItsWay) return route.abort()
      isOnItsWay = false
      return route.fulfill({ status: 200 })
    })
    await at.upload.offline()
    await expect.poll(() => isOnItsWay).toBe(false)
    expect(await at.page.getByText('No network.').count()).toBe(0)
    await at.page.getByText('No network.').waitFor()
    await at.page.unroute('**/ready')
    await at.upload.slow(-1)
    await at.page.getByText('No network.').waitFor({ state: 'detached' })
  })

  it('waits while there is no network, and goes on by itself', async () => {
    await at.sendTo(20)
    await at.upload.offline()
    await at.page.getByText('No network.').waitFor()
    await at.upload.row(NAME).getByText('Waiting for the network').waitFor()
    await at.page.waitForTimeout(1000)
    await at.upload.slow(-1)
    await at.upload.stored(NAME)
    await at.stored()
    expect(await at.page.getByText('No network.').count()).toBe(0)
  })

  it('waits while the server is away, for however long, and goes on by itself', async () => {
    await at.sendTo(20)
    await at.tryWithoutPauses()
    at.takeServerAway()
    await at.upload.slow(-1)
    const row = at.upload.row(NAME)
    await row.getByText('Waiting for the server').waitFor({ timeout: 90_000 })
    await at.page.getByText('The server does not answer.').waitFor()
    expect(await row.getByRole('alert').count()).toBe(0)
    expect(await row.getByRole('button', { name: /^(Pause|Resume)/ }).count()).toBe(0)
    await at.page.waitForTimeout(4000)
    at.bringServerBack()
    await at.upload.stored(NAME)
    await at.stored()
    expect(await at.page.getByText('The server does not answer.').count()).toBe(0)
  })

  it('tries again by itself while that helps, where the server is there', async () => {
    let asked = 0
    at.proxy.reset(({ call }) => {
      if (call !== 'report') return undefined
      asked += 1
      return { kind: 'answer', status: 503 }
    })
    await at.tryWithoutPauses()
    await at.upload.choose(at.path)
    await at.upload.start()
    const alert = at.upload.row(NAME).getByRole('alert')
    await alert.getByText('HTTP 503').waitFor()
    // Twelve times is one try of the client's.
    expect(asked).toBeGreaterThan(12)
    expect(await at.page.getByText('The server does not answer.').count()).toBe(0)
    at.proxy.reset()
    await alert.getByRole('button', { name: 'Try again' }).click()
    await at.upload.stored(NAME)
    await at.stored()
  })

  it('goes on after a reload with one click, where the browser gives the file back', async () => {
    // The file is in the origin's own file system: its handles can be kept, and need no question.
    const { page, upload } = await at.openTab(undefined, (opened) =>
      opened.addInitScript(() => {
        window.showOpenFilePicker = async () => {
          const folder = await navigator.storage.getDirectory()
          return [await folder.getFileHandle('one.mp4')]
        }
      }),
    )
    const sum = await page.evaluate(async (size) => {
      const folder = await navigator.storage.getDirectory()
      const writing = await (
        await folder.getFileHandle('one.mp4', { create: true })
      ).createWritable()
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; at += 65_536)
        crypto.getRandomValues(bytes.subarray(at, at + 65_536))
      bytes.set(new TextEncoder().encode('\0\0\0\x18ftypisom\0\0\0\0isommp42'))
      await writing.write(bytes)
      await writing.close()
      return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    }, SIZE)
    await page.getByRole('button', { name: 'choose files' }).click()
    await page.getByText('1 file selected').waitFor()
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 25)
    await page.reload()
    await upload.slow(-1)
    await page.getByRole('button', { name: 'Go on', exact: true }).click()
    await upload.stored(NAME)
    const { data } = await at.world.api.assets()
    expect(data.map(({ filename, size }) => [filename, size])).toEqual([[NAME, SIZE]])
    expect(await fetchSha256(data[0]!.url!)).toBe(Buffer.from(sum).toString('hex'))
  })

  it('discards what was begun, here and on the server', async () => {
    await at.sendTo(10)
    await at.page.reload()
    await at.page.getByRole('button', { name: 'Discard' }).click()
    const dialog = at.page.getByRole('dialog', { name: `Discard ${NAME}?` })
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await at.page.getByRole('region', { name: /Go on/ }).count()).toBe(0)
    expect(await at.active()).toEqual([])
  })

  it('cancels a file while it is sent, once that is confirmed', async () => {
    await at.sendTo(10)
    await at.page.getByRole('button', { name: `Cancel ${NAME}` }).click()
    await at.page.getByRole('button', { name: 'Cancel the upload' }).click()
    await expect.poll(at.active, { timeout: 10_000 }).toEqual([])
    await expect.poll(() => at.upload.row(NAME).count()).toBe(0)
  })
})

describe.skipIf(skipsChromium)(`an upload that has expired ${inChromium}`, () => {
  const at = uploading({ PARTWAY_UPLOAD_TTL: '30s' })

  it('is shown as expired, with what failed, and the file can be uploaded anew', async () => {
    const { page, upload } = at
    await upload.choose(at.path)
    await upload.slow(SLOW)
    await upload.start()
    await upload.percent(NAME, 10)
    await page.reload()
    await page.getByRole('link', { name: 'Uploads', exact: true }).click()
    const row = page.getByRole('listitem').filter({ hasText: NAME })
    await row.getByText('expired', { exact: true }).waitFor({ timeout: 60_000 })
    await row.getByRole('link', { name: NAME }).click()
    await page.getByText('It was not complete in time.').waitFor()
    await page.getByText(/^[1-9]\d* failed$/).waitFor()
    await page.getByText('As text').click()
    expect(await page.locator('.map-text').textContent()).toMatch(/Failed[\d–, ]+/)
    await page.getByRole('link', { name: 'Upload', exact: true }).click()
    await upload.slow(-1)
    await upload.choose(at.path)
    await upload.start()
    await upload.stored(NAME)
    await at.stored()
  })
})
