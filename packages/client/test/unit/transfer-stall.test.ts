import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ChunkRequest, Platform } from '../../src/platform.ts'
import { createThrottle } from '../../src/upload/throttle.ts'
import { startTransfer } from '../../src/upload/transfer.ts'

const SIZE = 5 * 1024 * 1024

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** Starts transfers by a transport of the test's; counts how often it is used for each. */
function start(count: number, rate: number | undefined, send: (chunk: ChunkRequest) => unknown) {
  const begun = Array.from({ length: count }, () => 0)
  const stop = new AbortController()
  const platform: Platform = {
    journals: undefined,
    sha256: async () => undefined,
    async transport(chunk) {
      begun[Number(chunk.url)]! += 1
      await send(chunk)
      return { status: 200, header: () => '"etag"', text: '' }
    },
  }
  const throttle = createThrottle(rate)
  const transfers = begun.map((_, index) =>
    startTransfer(index, new Uint8Array(SIZE), undefined, {
      ...{ platform, headers: {}, throttle, signal: stop.signal },
      urls: { get: async () => `${index}`, drop: () => true },
      meter: { sending() {}, settle() {} } as never,
      window: { limit: () => count, stored() {}, trouble() {} },
    }),
  )
  for (const { etag } of transfers) etag.catch(() => {})
  return { begun, stop: () => stop.abort() }
}

it('a connection that waits for its turn under a limit of the rate does not stall', async () => {
  const eight = start(8, 40_000, async ({ slice, allow, onSent }) => {
    for (let at = 0; at < SIZE; at += slice) {
      await allow(slice)
      onSent(Math.min(SIZE, at + slice))
    }
  })

  await vi.advanceTimersByTimeAsync(120_000)

  expect(Math.max(...eight.begun)).toBe(1)
  eight.stop()
})

it('a whole chunk that waits for its turn does not stall', async () => {
  const eight = start(8, 1_000_000, ({ allow }) => allow(SIZE))

  await vi.advanceTimersByTimeAsync(60_000)

  expect(eight.begun).toEqual(eight.begun.map(() => 1))
  eight.stop()
})

it('a slow line on which nothing tells how far a chunk has come does not stall', async () => {
  // 128 KiB a second: fetch tells nothing before the answer, sockets nothing of what they hold.
  const one = start(
    1,
    undefined,
    ({ signal }) =>
      new Promise((resolve, reject) => {
        setTimeout(resolve, 40_000)
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
  )

  await vi.advanceTimersByTimeAsync(60_000)

  expect(one.begun).toEqual([1])
})

it('a connection on which nothing moves at all is given up', async () => {
  const one = start(
    1,
    undefined,
    ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  )

  await vi.advanceTimersByTimeAsync(600_000)

  expect(one.begun[0]).toBeGreaterThan(1)
})
