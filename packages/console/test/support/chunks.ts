import type { Page } from 'playwright-core'

declare global {
  interface Window {
    /** Chunks of the map that are completed, as the page is answered. */
    completed: number
  }
}

/** The server's answers for an upload of so many chunks, and its events, ten a second. */
export async function pretendChunks(page: Page, chunks: number): Promise<void> {
  await page.addInitScript((count) => {
    window.completed = 0
    // Every third first, so that there are many ranges.
    const order = [0, 1, 2].flatMap((rest) =>
      Array.from({ length: Math.ceil((count - rest) / 3) }, (_, i) => i * 3 + rest + 1),
    )
    const ask = window.fetch
    const json = (body: unknown) => Promise.resolve(Response.json(body))
    const summary = () => ({
      ...{
        upload_id: '',
        asset_id: '',
        filename: 'long.mov',
        status: 'active',
        uploaded_chunks: [],
      },
      ...{ total_size: count * 2 ** 29, chunk_size: 2 ** 29, total_chunks: count },
      ...{ chunks_completed: window.completed, uploaded_size: window.completed * 2 ** 29 },
      ...{ created_at: new Date().toISOString(), expires_at: '2099-01-01T00:00:00Z' },
    })
    window.fetch = (input, init) => {
      const { pathname } = new URL(String(input), location.href)
      const [, upload, map] = /multipart-uploads\/(\w+)(\/chunk-map)?$/.exec(pathname) ?? []
      if (pathname === '/v1.3/events') {
        const stream = new ReadableStream<string>({
          start(events) {
            events.enqueue('event: ready\nid: 1\ndata: {}\n\n')
            setInterval(() => {
              const { pathname: place } = new URL(location.hash.slice(1), location.href)
              const upload_id = place.split('/').at(-1)
              window.completed = Math.min(count, window.completed + 60)
              events.enqueue(
                `event: upload\nid: 1\ndata: ${JSON.stringify({ ...summary(), upload_id })}\n\n`,
              )
            }, 100)
          },
        })
        return Promise.resolve(new Response(stream.pipeThrough(new TextEncoderStream())))
      }
      if (upload && map) {
        const completed = order.slice(0, window.completed).map((index) => [index, index])
        return json({ ...summary(), upload_id: upload, completed, failed: [[count, count]] })
      }
      if (upload) return json({ ...summary(), upload_id: upload })
      return ask(input, init)
    }
  }, chunks)
}
