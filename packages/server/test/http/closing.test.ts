import { expect, test } from 'vitest'
import { createWorld } from '../support/http-world.ts'

test('a request that comes while the server stops is answered in the standard shape', async () => {
  await using world = await createWorld()
  // One more hook that is still busy: the server goes on listening until all have ended.
  const busy = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  world.app.addHook('preClose', async () => {
    reached.resolve()
    await busy.promise
  })
  const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
  const closing = world.app.close()
  await reached.promise
  const response = await fetch(`${address}/v1.3/assets`)
  const body = await response.json()
  busy.resolve()
  await closing

  expect(response.status).toBe(503)
  expect(body).toMatchObject({
    code: 'service_unavailable',
    message: expect.stringContaining('stopping'),
  })
  expect(response.headers.get('retry-after')).toBe('1')
  expect(response.headers.get('connection')).toBe('close')
  expect(response.headers.get('x-request-id')).toMatch(/./)
})
