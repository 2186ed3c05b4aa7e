import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cursorOf, timeOfCursor } from '../../src/core/cursor.ts'

describe('a cursor', () => {
  it('gives back the time it was made of', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8.64e15 / 10 }), (at) => {
        expect(timeOfCursor(cursorOf(at))).toBe(at)
      }),
    )
  })

  it('is text that fits into a header', () => {
    expect(cursorOf(Date.parse('2026-11-22T10:00:00Z'))).toMatch(/^c[0-9a-z]{8}$/)
  })

  it.each(['', 'c', '1795341600000', 'cABC', 'c-1', 'c1.5', 'c 1', 'c1, c2', `c${'z'.repeat(11)}`])(
    'is not %j',
    (text) => {
      expect(timeOfCursor(text)).toBeUndefined()
    },
  )

  it('is no cursor when it is any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const at = timeOfCursor(text)
        expect(at === undefined || /^c[0-9a-z]{1,10}$/.test(text)).toBe(true)
      }),
    )
  })
})
