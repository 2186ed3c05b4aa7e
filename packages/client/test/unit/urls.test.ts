import { expect, it } from 'vitest'
import type { UploadsApi } from '../../src/api.ts'
import { createUrls } from '../../src/upload/urls.ts'

const plan = { totalSize: 100, chunkSize: 1, totalChunks: 100 }
const NEVER = new AbortController().signal
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()
const aMinuteAgo = () => new Date(Date.now() - 60_000).toISOString()

/** A server whose answers the test gives. */
function fakeApi() {
  const asked: { start: number; count: number; answer(): void; signal: AbortSignal }[] = []
  const presign = (
    _id: string,
    { start, count }: { start: number; count: number },
    signal: AbortSignal,
  ) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      const urls = () =>
        Array.from({ length: count }, (_, i) => ({
          ...{ chunk_index: start + i, url: `new ${start + i}`, expires_at: inAnHour() },
        }))
      asked.push({ start, count, signal, answer: () => resolve({ upload_urls: urls() }) })
    })
  return { asked, api: { presign } as unknown as UploadsApi }
}

it('asks once for many, and for no more than there are', async () => {
  const { asked, api } = fakeApi()
  const urls = createUrls(api, 'id', plan, [], NEVER)
  const { signal } = new AbortController()

  const both = Promise.all([urls.get(80, signal), urls.get(81, signal)])
  asked[0]!.answer()

  expect(await both).toEqual(['new 80', 'new 81'])
  expect(asked.map(({ start, count }) => [start, count])).toEqual([[80, 21]])
})

it('one chunk that gives up while it waits does not take the others with it', async () => {
  const { asked, api } = fakeApi()
  const urls = createUrls(api, 'id', plan, [], NEVER)
  const [one, other] = [new AbortController(), new AbortController()]

  const second = Promise.allSettled([urls.get(1, one.signal), urls.get(2, other.signal)])
  one.abort(new Error('the other connection was faster'))
  asked[0]!.answer()
  // It may ask again, on its own behalf.
  await new Promise((resolve) => setImmediate(resolve))
  asked[1]?.answer()

  expect((await second)[1]).toEqual({ status: 'fulfilled', value: 'new 2' })
})

it('a URL that ran out is not used because others were asked for', async () => {
  const { asked, api } = fakeApi()
  const old = { chunk_index: 1, url: 'old 1', expires_at: aMinuteAgo() }
  const urls = createUrls(api, 'id', plan, [old], NEVER)
  const { signal } = new AbortController()

  const far = urls.get(60, signal)
  const near = urls.get(1, signal)
  asked[0]!.answer()
  await far
  await new Promise((resolve) => setImmediate(resolve))
  asked[1]?.answer()

  expect(await near).toBe('new 1')
})
