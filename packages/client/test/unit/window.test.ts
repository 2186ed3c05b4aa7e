import { describe, expect, it } from 'vitest'
import { autoWindow, fixedWindow, type Window } from '../../src/upload/window.ts'

/** A line of so many bytes a millisecond in all, of which one connection gets at most `each`. */
function simulate(window: Window, clock: { now: number }, line: { total: number; each: number }) {
  const CHUNK = 1000
  return (rounds: number): number => {
    for (let round = 0; round < rounds; round++) {
      const open = window.limit()
      const speed = Math.min(line.each, line.total / open)
      const duration = CHUNK / speed
      clock.now += duration
      for (let i = 0; i < open; i++) window.stored(CHUNK, duration)
    }
    return window.limit()
  }
}

describe('a window that finds its level', () => {
  it('opens as long as more connections make it faster', () => {
    const clock = { now: 0 }
    const window = autoWindow(16, () => clock.now)
    expect(simulate(window, clock, { total: 1000, each: 10 })(40)).toBe(16)
  })

  it('stays near what the line can carry', () => {
    const clock = { now: 0 }
    const window = autoWindow(16, () => clock.now)
    const run = simulate(window, clock, { total: 40, each: 10 })
    run(20)
    for (let i = 0; i < 40; i++) {
      expect(run(1)).toBeGreaterThanOrEqual(4)
      expect(window.limit()).toBeLessThanOrEqual(7)
    }
  })

  it('opens again when the line gets better', () => {
    const clock = { now: 0 }
    const window = autoWindow(16, () => clock.now)
    const before = simulate(window, clock, { total: 40, each: 10 })(40)
    const after = simulate(window, clock, { total: 1000, each: 10 })(200)
    expect(after).toBeGreaterThan(before)
  })

  it('closes by half when the other side has enough, and never entirely', () => {
    const clock = { now: 0 }
    const window = autoWindow(16, () => clock.now)
    simulate(window, clock, { total: 1000, each: 10 })(40)
    const seen = Array.from({ length: 6 }, () => {
      window.trouble()
      return window.limit()
    })
    expect(seen).toEqual([8, 4, 2, 1, 1, 1])
  })

  it('closes when every chunk takes longer and nothing gets faster', () => {
    const clock = { now: 0 }
    const window = autoWindow(16, () => clock.now)
    const open = simulate(window, clock, { total: 1000, each: 10 })(40)
    expect(simulate(window, clock, { total: 20, each: 10 })(6)).toBeLessThan(open)
  })

  it('never passes its most', () => {
    const clock = { now: 0 }
    for (const most of [1, 2, 3]) {
      const window = autoWindow(most, () => clock.now)
      expect(window.limit()).toBeLessThanOrEqual(most)
      expect(simulate(window, clock, { total: 1000, each: 10 })(30)).toBeLessThanOrEqual(most)
    }
  })
})

it('a fixed window is what it is, whatever happens', () => {
  const window = fixedWindow(5)
  window.trouble()
  window.stored(1, 100)
  expect(window.limit()).toBe(5)
})
