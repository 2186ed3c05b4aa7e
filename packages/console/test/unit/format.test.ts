import { describe, expect, it } from 'vitest'
import {
  formatAge,
  formatDuration,
  formatRate,
  formatSize,
  formatSpan,
  formatTimeLeft,
  percentOf,
  plural,
} from '../../src/lib/format.ts'

describe('figures for people', () => {
  it('writes sizes and rates in binary units', () => {
    expect([0, 999, 1024, 314_572_800, 2 ** 41].map(formatSize)).toEqual([
      ...['0 B', '999 B', '1.0 KiB', '300.0 MiB', '2.0 TiB'],
    ])
    expect([formatRate(0), formatRate(1.5 * 2 ** 20)]).toEqual(['', '1.5 MiB/s'])
  })

  it('writes spans by their two largest parts', () => {
    const spans = [-3, 0, 42, 60, 200, 7500, 86_399, 90_000]
    expect(spans.map(formatSpan)).toEqual([
      ...['0 s', '0 s', '42 s', '1 min', '3 min 20 s', '2 h 5 min', '23 h 59 min', '1 d 1 h'],
    ])
  })

  it('rounds the time that is left, so that it stands still for a while', () => {
    const left = [undefined, 2, 33, 61, 200, 3601, 7300].map(formatTimeLeft)
    expect(left).toEqual([
      ...['', 'a few seconds left', '35 s left', 'about 1 min left', 'about 3 min left'],
      ...['about 1 h left', 'about 2 h left'],
    ])
  })

  it('writes durations of media as players do', () => {
    expect([7, 723, 3723].map(formatDuration)).toEqual(['0:07', '12:03', '1:02:03'])
  })

  it('tells how long ago something was', () => {
    const now = 1_000_000_000
    const ages = [0, 44, 45, 200, 7300, 200_000].map((s) => formatAge(now - s * 1000, now))
    expect(ages).toEqual(['just now', 'just now', '1 min ago', '3 min ago', '2 h ago', '2 d ago'])
  })

  it('says 100 per cent only when nothing is left', () => {
    expect([percentOf(0, 0), percentOf(1, 3), percentOf(9999, 10_000), percentOf(5, 5)]).toEqual([
      ...[0, 33, 99, 100],
    ])
  })

  it('counts one and many', () => {
    expect([plural(1, 'file'), plural(10_000, 'file')]).toEqual(['1 file', '10,000 files'])
  })
})
