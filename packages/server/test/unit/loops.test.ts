import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startLoop } from '../../src/server/loops.ts'

const INTERVAL = 1000

describe('a background loop', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const settle = () => vi.advanceTimersByTimeAsync(0)

  it('works at once and then after every interval', async () => {
    const work = vi.fn(async () => {})
    const loop = startLoop(INTERVAL, work, () => {})
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(INTERVAL - 1)
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(work).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(3 * INTERVAL)
    expect(work).toHaveBeenCalledTimes(5)
    await loop.stop()
  })

  it('never works twice at once, and counts the interval from the end of the work', async () => {
    let running = 0
    let most = 0
    let rounds = 0
    const work = async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5 * INTERVAL))
      running--
      rounds++
    }
    const loop = startLoop(INTERVAL, work, () => {})
    for (let i = 0; i < 10; i++) loop.wake()
    await vi.advanceTimersByTimeAsync(10 * INTERVAL)
    expect(rounds).toBe(2)
    await vi.advanceTimersByTimeAsync(INTERVAL - 1)
    expect(running).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(running).toBe(1)
    const stopping = loop.stop()
    await vi.advanceTimersByTimeAsync(5 * INTERVAL)
    await stopping
    expect(most).toBe(1)
  })

  it('works soon when it is woken, and not again for the interval that was due', async () => {
    const work = vi.fn(async () => {})
    const loop = startLoop(INTERVAL, work, () => {})
    await vi.advanceTimersByTimeAsync(INTERVAL - 1)
    loop.wake()
    await settle()
    expect(work).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(INTERVAL - 1)
    expect(work).toHaveBeenCalledTimes(2)
    await loop.stop()
  })

  it('works once more, not ten times more, when it is woken ten times during its work', async () => {
    const gate = Promise.withResolvers<void>()
    const work = vi.fn(() => gate.promise)
    const loop = startLoop(INTERVAL, work, () => {})
    for (let i = 0; i < 10; i++) loop.wake()
    gate.resolve()
    await settle()
    expect(work).toHaveBeenCalledTimes(2)
    await loop.stop()
  })

  it('reports a failure and goes on', async () => {
    const errors: unknown[] = []
    let rounds = 0
    const work = async () => {
      if (rounds++ === 0) throw new Error('once')
    }
    const loop = startLoop(INTERVAL, work, (error) => errors.push(error))
    await vi.advanceTimersByTimeAsync(INTERVAL)
    expect(rounds).toBe(2)
    expect(errors).toEqual([new Error('once')])
    await loop.stop()
  })

  it('stops only when the work under way has ended, and starts nothing after that', async () => {
    const gate = Promise.withResolvers<void>()
    const work = vi.fn(() => gate.promise)
    const loop = startLoop(INTERVAL, work, () => {})
    loop.wake()
    let stopped = false
    const stopping = loop.stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(INTERVAL)
    expect(stopped).toBe(false)
    gate.resolve()
    await stopping
    loop.wake()
    await vi.advanceTimersByTimeAsync(10 * INTERVAL)
    expect(work).toHaveBeenCalledTimes(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('can be stopped between two rounds, and twice', async () => {
    const work = vi.fn(async () => {})
    const loop = startLoop(INTERVAL, work, () => {})
    await settle()
    await loop.stop()
    await loop.stop()
    await vi.advanceTimersByTimeAsync(10 * INTERVAL)
    expect(work).toHaveBeenCalledTimes(1)
  })
})
