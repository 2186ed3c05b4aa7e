import { getEventListeners } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  closed,
  fetchFrom,
  listen,
  loopbackWeb,
  serve,
  serveRaw,
  textOf,
} from '../support/web-server.ts'

describe('the signal of a caller', () => {
  const reason = new Error('no longer wanted')

  it.each([
    ['before anything', 0],
    ['while it waits for the answer', 30],
  ])('ends a fetch %s, with its reason', async (_when, ms) => {
    const served = await listen(createServer((socket) => socket.resume()))
    const controller = new AbortController()
    const fetched = fetchFrom(served, '/', { signal: controller.signal })
    if (ms) await sleep(ms)
    controller.abort(reason)
    await expect(fetched).rejects.toBe(reason)
    await closed(served)
  })

  it('ends a fetch while a name is resolved, and the answer opens nothing then', async () => {
    const served = await serve((_request, response) => response.end())
    const { promise, resolve } = Promise.withResolvers<{ address: string; family: number }[]>()
    const controller = new AbortController()
    const { signal } = controller
    const fetched = fetchFrom(served, '/', { signal }, { resolve: () => promise })
    controller.abort(reason)
    await expect(fetched).rejects.toBe(reason)
    resolve([{ address: '127.0.0.1', family: 4 }])
    await sleep(20)
    expect(served.connections).toBe(0)
  })

  it.each([['while it is read'], ['before it is read']])('ends a body %s', async (when) => {
    const served = await serveRaw(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345`, () => {})
    const controller = new AbortController()
    const response = await fetchFrom(served, '/', { signal: controller.signal })
    if (when === 'before it is read') controller.abort(reason)
    else setTimeout(() => controller.abort(reason), 30)
    await expect(textOf(response)).rejects.toBe(reason)
    await closed(served)
  })

  it('makes no connection when it had ended before', async () => {
    const served = await serve((_request, response) => response.end())
    const signal = AbortSignal.abort(reason)
    await expect(fetchFrom(served, '/', { signal })).rejects.toBe(reason)
    expect(served.connections).toBe(0)
  })

  it('is let go of at every end of a fetch', async () => {
    const { signal } = new AbortController()
    const served = await serve((request, response) => {
      if (request.url === '/404') response.writeHead(404).end()
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
      else response.end('x'.repeat(request.url === '/short' ? 9 : 1e6))
    })
    await textOf(await fetchFrom(served, '/', { signal }))
    await expect(fetchFrom(served, '/404', { signal })).rejects.toThrow()
    await expect(fetchFrom(served, '/loop', { signal })).rejects.toThrow()
    await expect(loopbackWeb().get('http://10.0.0.1/', { signal })).rejects.toThrow()
    for await (const _piece of (await fetchFrom(served, '/', { signal })).body) break
    await (await fetchFrom(served, '/', { signal })).body[Symbol.asyncIterator]().return?.()
    // As much as was announced, although nobody asked whether there is more.
    await (await fetchFrom(served, '/short', { signal })).body[Symbol.asyncIterator]().next()
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await closed(served)
  })
})
