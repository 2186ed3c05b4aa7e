import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createThrottle } from '../../src/lib/throttle.ts'

describe('a throttle', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const throttled = () => {
    const run = vi.fn()
    return { run, ...createThrottle(run, 500) }
  }

  it('runs at once, and once more for all calls of the pause', () => {
    const { run, call } = throttled()
    for (let i = 0; i < 50; i++) call()
    expect(run).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(500)
    expect(run).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(5000)
    expect(run).toHaveBeenCalledTimes(2)
  })

  it('pauses after the last run too', () => {
    const { run, call } = throttled()
    call()
    call()
    vi.advanceTimersByTime(500)
    call()
    expect(run).toHaveBeenCalledTimes(2)
    vi.advanceTimersByTime(500)
    expect(run).toHaveBeenCalledTimes(3)
  })

  it('runs no more once it is stopped', () => {
    const { run, call, stop } = throttled()
    call()
    call()
    stop()
    vi.advanceTimersByTime(5000)
    expect(run).toHaveBeenCalledTimes(1)
  })
})
