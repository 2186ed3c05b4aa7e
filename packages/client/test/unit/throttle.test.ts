import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createThrottle } from '../../src/upload/throttle.ts'

const KiB = 1024
const never = new AbortController().signal

describe('a limit of the rate', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it.each([
    [64, 512 * KiB],
    [16, 100 * KiB],
    [3, 2000 * KiB],
  ])('lets each of %i connections take turns, at %i bytes a second', async (connections, rate) => {
    const { slice, take } = createThrottle(rate)
    let taken = 0
    let longest = 0
    const end = new AbortController()
    const send = async () => {
      for (let last = performance.now(); ; last = performance.now()) {
        await take(slice, end.signal)
        taken += slice
        longest = Math.max(longest, performance.now() - last)
      }
    }
    const all = Array.from({ length: connections }, () => send().catch(() => {}))

    await vi.advanceTimersByTimeAsync(60_000)
    end.abort()
    await Promise.all(all)

    // Servers cut a body off that pauses for long.
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThan(15_000)
    expect(taken / 60 / rate).toBeCloseTo(1, 1)
  })

  it('is not used up by those who gave up waiting', async () => {
    const { take } = createThrottle(1000)
    await take(1000, never)
    const end = new AbortController()
    const waiting = [take(20_000, end.signal), take(20_000, end.signal)]
    end.abort()
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual([
      'rejected',
      'rejected',
    ])
    const before = performance.now()
    const taken = take(10, never)
    await vi.advanceTimersByTimeAsync(60_000)
    await taken
    expect(performance.now() - before).toBe(60_000)
  })
})
