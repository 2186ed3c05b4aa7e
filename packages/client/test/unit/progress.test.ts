import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMeter } from '../../src/upload/progress.ts'
import type { UploadProgress } from '../../src/upload/types.ts'

describe('progress', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())
  const meterOf = (total: number) => createMeter(total, () => Date.now())

  it('adds up what is confirmed and what is under way', () => {
    const meter = meterOf(1000)
    const [first, second] = [Symbol(), Symbol()]
    meter.enter('sending')
    meter.sending(first, 100)
    meter.sending(second, 50)
    expect(meter.read()).toMatchObject({ acknowledged: 0, sent: 150 })
    meter.sending(first, 200)
    meter.settle(first)
    meter.acknowledge(200)
    expect(meter.read()).toMatchObject({ acknowledged: 200, sent: 250 })
  })

  it('never goes back, also when a chunk has to be sent again', () => {
    const meter = meterOf(1000)
    const chunk = Symbol()
    meter.sending(chunk, 300)
    meter.settle(chunk)
    meter.sending(Symbol(), 10)
    expect(meter.read().sent).toBe(300)
  })

  it('never passes the total, also when a chunk is sent twice', () => {
    const meter = meterOf(100)
    meter.sending(Symbol(), 90)
    meter.sending(Symbol(), 90)
    expect(meter.read().sent).toBe(100)
  })

  it('knows the rate of late, and how long it will take', () => {
    const meter = meterOf(10_000)
    meter.enter('sending')
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(100)
      meter.acknowledge(100)
    }
    const { rate, secondsLeft } = meter.read()
    expect(rate).toBeGreaterThan(900)
    expect(rate).toBeLessThan(1100)
    expect(secondsLeft).toBeCloseTo(8, 0)
  })

  it('has no rate while nothing is sent', () => {
    const meter = meterOf(10)
    expect(meter.read()).toMatchObject({ rate: 0, secondsLeft: undefined })
    meter.enter('paused')
    vi.advanceTimersByTime(5000)
    expect(meter.read()).toMatchObject({ phase: 'paused', rate: 0 })
  })

  it('tells at most ten times a second, and the last word always', () => {
    const meter = meterOf(1000)
    const told: UploadProgress[] = []
    meter.listen((progress) => told.push(progress))
    meter.enter('sending')
    const before = told.length
    for (let i = 0; i < 100; i++) {
      meter.acknowledge(5)
      vi.advanceTimersByTime(10)
    }
    expect(told.length - before).toBeLessThanOrEqual(11)
    meter.acknowledge(500)
    vi.advanceTimersByTime(100)
    expect(told.at(-1)!.acknowledged).toBe(1000)
  })

  it('leaves no timer behind when nobody listens any more', () => {
    const meter = meterOf(1000)
    const stop = meter.listen(() => {})
    meter.acknowledge(1)
    meter.acknowledge(1)
    stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})
