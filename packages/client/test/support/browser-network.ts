import type { Page } from 'playwright-core'

/** What the network of a page is like. */
export interface BrowserNetwork {
  /** There is none until `slow` says what it is like. */
  offline(): Promise<void>
  /** As many bytes a second leave the page as this; -1: no limit. */
  slow(bytesPerSecond: number): Promise<void>
}

/** One for all that is wanted of it: `setOffline` of a context does nothing where a page is slow. */
export async function browserNetwork(page: Page): Promise<BrowserNetwork> {
  const session = await page.context().newCDPSession(page)
  // Without what is sent, which would all come here as well.
  await session.send('Network.enable', { maxPostDataSize: 1 })
  const emulate = async (offline: boolean, uploadThroughput: number) => {
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput }
    await session.send('Network.emulateNetworkConditions', conditions)
  }
  return {
    offline: () => emulate(true, -1),
    slow: (bytesPerSecond) => emulate(false, bytesPerSecond),
  }
}
