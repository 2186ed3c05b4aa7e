import { expect, it, vi } from 'vitest'
import { createReadiness } from '../../src/server/readiness.ts'

it('is told what the ping tells', async () => {
  const answers = [Promise.resolve(), Promise.reject(new Error('away')), Promise.resolve()]
  const ready = createReadiness(() => answers.shift()!, 1000)

  await expect(ready()).resolves.toBeUndefined()
  await expect(ready()).rejects.toThrow('away')
  await expect(ready()).resolves.toBeUndefined()
})

it('waits for no answer longer than its limit, and asks once while there is none', async () => {
  const hanging = Promise.withResolvers<void>()
  const ping = vi.fn(() => hanging.promise)
  const ready = createReadiness(ping, 20)

  for (let i = 0; i < 3; i++) await expect(ready()).rejects.toThrow('no answer within 20 ms')
  expect(ping).toHaveBeenCalledTimes(1)

  hanging.resolve()
  await expect(ready()).resolves.toBeUndefined()
  await expect(ready()).resolves.toBeUndefined()
  expect(ping.mock.calls.length).toBeGreaterThan(1)
})
