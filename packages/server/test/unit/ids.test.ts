import { describe, expect, it } from 'vitest'
import { createNewId } from '../../src/adapters/crypto/index.ts'
import { createFakeClock } from '../support/fakes.ts'

describe('ids', () => {
  it('are 24 lower-case hex digits', () => {
    const newId = createNewId(createFakeClock())
    for (let i = 0; i < 1000; i++) expect(newId()).toMatch(/^[0-9a-f]{24}$/)
  })

  it('are unique over 100,000 of them in one moment', () => {
    const newId = createNewId(createFakeClock())
    const ids = new Set(Array.from({ length: 100_000 }, () => newId()))
    expect(ids.size).toBe(100_000)
  })

  it('of two programs started at one moment are different', () => {
    const clock = createFakeClock()
    const [one, two] = [createNewId(clock), createNewId(clock)]
    const ids = Array.from({ length: 1000 }, () => [one(), two()]).flat()
    expect(new Set(ids).size).toBe(2000)
  })

  it('sort by the second they were made in', () => {
    const clock = createFakeClock(0)
    const [one, two] = [createNewId(clock), createNewId(clock)]
    const ids: string[] = []
    for (const seconds of [
      0, 1, 15, 16, 255, 256, 65_536, 1_000_000, 1_795_341_600, 4_294_967_295,
    ]) {
      clock.advance(seconds * 1000 - clock())
      ids.push(ids.length % 2 ? one() : two())
    }
    expect(ids.toSorted()).toEqual(ids)
  })

  it('begin with the time in seconds, as the ids of the API we speak do', () => {
    const clock = createFakeClock(Date.parse('2026-11-22T10:00:00.999Z'))
    const seconds = Number.parseInt(createNewId(clock)().slice(0, 8), 16)
    expect(new Date(seconds * 1000).toISOString()).toBe('2026-11-22T10:00:00.000Z')
  })
})
