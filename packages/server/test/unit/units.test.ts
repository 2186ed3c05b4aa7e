import { describe, expect, it } from 'vitest'
import { parseDuration, parseSize } from '../../src/server/units.ts'

describe('sizes', () => {
  it.each([
    ['1', 1],
    ['104857600', 104_857_600],
    ['1B', 1],
    ['1KiB', 1024],
    ['512 MiB', 512 * 2 ** 20],
    ['10GiB', 10 * 2 ** 30],
    ['10gib', 10 * 2 ** 30],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['5TiB', 5 * 2 ** 40],
  ])('read %s as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  it.each([
    '',
    ' ',
    '0',
    '-1',
    '1e6',
    '0x10',
    '1.5',
    '10GB',
    '10 G',
    'GiB',
    '1,5GiB',
    '1GiB ',
    '٣',
  ])('are not %j', (text) => {
    expect(() => parseSize(text)).toThrow(RangeError)
  })

  it('are not more than a number can hold exactly', () => {
    expect(() => parseSize('9007199254740993')).toThrow(RangeError)
    expect(() => parseSize('999999TiB')).toThrow(RangeError)
  })
})

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['0s', 0],
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['24h', 86_400_000],
    ['1.5h', 5_400_000],
    ['7 d', 7 * 86_400_000],
    ['3650d', 3650 * 86_400_000],
  ])('read %s as %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '10', '-1s', '1H', '1w', '1 week', '1h30m', '1e3s', '3651d', 's', '9'.repeat(400)])(
    'are not %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(RangeError)
    },
  )
})
