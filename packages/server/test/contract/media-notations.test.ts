import { describe, expect, it } from 'vitest'
import {
  iso6709,
  pdfDate,
  ratio,
  timecodeOf,
  utcSeconds,
} from '../../src/adapters/media/notations.ts'

describe('the notations of media files', () => {
  it.each([
    ['2024-03-01T12:30:00.999999Z', '2024-03-01T12:30:00Z'],
    ['2024-03-01T14:30:00+0200', '2024-03-01T12:30:00Z'],
    ['2024-03-01 12:30:00', '2024-03-01T12:30:00Z'],
    ['1904-01-01T00:00:00Z', undefined],
    ['1970-01-01T00:00:00.000000Z', undefined],
    ['2001-01-01T00:00:00Z', undefined],
    ['last summer', undefined],
    ['', undefined],
    [undefined, undefined],
    [Date.UTC(20_000, 0, 1), undefined],
  ])('has for the time %s the text %s', (time, expected) => {
    expect(utcSeconds(time)).toBe(expected)
  })

  it.each([
    ["D:20240301133000+01'00'", '2024-03-01T12:30:00Z'],
    ["D:20240301133000-05'30", '2024-03-01T19:00:00Z'],
    ['D:20240301133000Z', '2024-03-01T13:30:00Z'],
    ['D:2024', '2024-01-01T00:00:00Z'],
    ['20240301', '2024-03-01T00:00:00Z'],
    ['D:20241301', undefined],
    ['tomorrow', undefined],
    ['', undefined],
  ])('has for the PDF date %s the text %s', (date, expected) => {
    expect(pdfDate(date)).toBe(expected)
  })

  it('reads places in degrees, with and without an altitude', () => {
    expect(iso6709('+48.8584+002.2945+035.000/')).toEqual({
      ...{ latitude: 48.8584, longitude: 2.2945, altitude: 35 },
    })
    expect(iso6709('-33.8-070.6/')).toEqual({
      ...{ latitude: -33.8, longitude: -70.6, altitude: undefined },
    })
    expect(iso6709('+95.0+002.2945/')).toBeUndefined()
    expect(iso6709('Paris')).toBeUndefined()
  })

  it('counts timecodes, and leaves out the numbers that are dropped', () => {
    expect(timecodeOf(86_400, 24, false)).toBe('01:00:00:00')
    expect(timecodeOf(0, 30_000 / 1001, true)).toBe('00:00:00;00')
    expect(timecodeOf(1799, 30_000 / 1001, true)).toBe('00:00:59;29')
    expect(timecodeOf(1800, 30_000 / 1001, true)).toBe('00:01:00;02')
    expect(timecodeOf(17_982, 30_000 / 1001, true)).toBe('00:10:00;00')
    expect(timecodeOf(3600, 60_000 / 1001, true)).toBe('00:01:00;04')
  })

  it('reads fractions, but for those of nothing', () => {
    expect(ratio('30000/1001')).toBeCloseTo(29.97)
    expect(ratio('16:9')).toBeCloseTo(1.778)
    expect(ratio('0/0')).toBeUndefined()
    expect(ratio('1/0')).toBeUndefined()
    expect(ratio(undefined)).toBeUndefined()
  })
})
