import type { CDPSession, Locator, Page } from 'playwright-core'
import {
  type BrowserNetwork,
  browserNetwork,
} from '../../../client/test/support/browser-network.ts'

/** What people do in the upload view, and what they see. */
export interface UploadPage extends BrowserNetwork {
  /** Puts files into the input that "choose files" opens. */
  choose(...paths: string[]): Promise<void>
  /** Drops files from the file manager. */
  drop(...paths: string[]): Promise<void>
  start(): Promise<void>
  /** The row of a file under the Dashboard. */
  row(name: string): Locator
  /** Waits until so many per cent are sent. */
  percent(name: string, least: number): Promise<void>
  stored(name: string, timeout?: number): Promise<void>
}

export async function uploadPage(page: Page): Promise<UploadPage> {
  const session: CDPSession = await page.context().newCDPSession(page)
  const input = page.locator('.uppy-Dashboard-input').first()
  const row = (name: string) =>
    page
      .getByRole('region', { name: 'Files of this tab' })
      .getByRole('listitem')
      .filter({ hasText: name })
  return {
    async choose(...paths) {
      await input.waitFor({ state: 'attached' })
      await input.setInputFiles(paths)
    },
    async drop(...files) {
      const place = page.locator('.uppy-Dashboard-AddFiles').first()
      await place.waitFor()
      const box = (await place.boundingBox())!
      const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        const data = { items: [], files, dragOperationsMask: 1 }
        await session.send('Input.dispatchDragEvent', { type, ...at, data })
      }
    },
    start: () => page.locator('.uppy-StatusBar-actionBtn--upload').click(),
    row,
    async percent(name, least) {
      const figure = row(name).locator('.figure')
      const end = row(name)
        .getByRole('alert')
        .or(row(name).getByText('stored', { exact: true }))
      const deadline = Date.now() + 90_000
      let text = ''
      while (!(Number.parseInt(text, 10) >= least)) {
        if (Date.now() > deadline) throw new Error(`${name} is still at ${text}`)
        // It may have come to its end before anybody looked, one way or the other.
        await figure.or(end).first().waitFor({ timeout: 60_000 })
        if (await end.count()) throw new Error(`${name}: ${await row(name).innerText()}`)
        text = (await figure.textContent()) ?? ''
        await page.waitForTimeout(50)
      }
    },
    async stored(name, timeout = 90_000) {
      await row(name).getByText('stored', { exact: true }).waitFor({ timeout })
    },
    ...(await browserNetwork(page)),
  }
}
