import { describe, expect, it } from 'vitest'
import { changesOf, type MetadataRow, metadataOf, rowsOf } from '../../src/lib/metadata.ts'
import { technicalFacts } from '../../src/lib/technical.ts'

const row = (key: string, value: string, kind: MetadataRow['kind'] = 'text') => ({
  key,
  kind,
  value,
})

describe('key-value pairs', () => {
  it('come back as they went in', () => {
    const values = { title: '007', take: 3.5, final: false }
    expect(metadataOf(rowsOf(values))).toEqual({ values })
  })

  it('leave out rows with nothing in them', () => {
    expect(metadataOf([row('', ''), row(' a ', 'b')])).toEqual({ values: { a: 'b' } })
  })

  it('tell the first thing that is wrong, and where', () => {
    expect(metadataOf([row('', 'x')])).toEqual({ row: 0, problem: 'Give “x” a key.' })
    expect(metadataOf([row('a', 'x'), row('a', 'y')])).toMatchObject({ row: 1 })
    expect(metadataOf([row('a', '')])).toMatchObject({ row: 0 })
    expect(metadataOf([row('n', '1e', 'number'), row('m', '')])).toEqual({
      ...{ row: 0, problem: '“1e” is not a number.' },
    })
    expect(metadataOf([row('n', ' ', 'number')])).toMatchObject({ row: 0 })
  })
})

describe('changes of metadata', () => {
  it('leave keys with space around them as they are, where they came so', () => {
    const before = { ' title': 'x', title: 'y' }
    expect(metadataOf(rowsOf(before), before)).toEqual({ values: before })
    const typed = [...rowsOf(before), { key: ' new ', kind: 'text' as const, value: 'z' }]
    expect(metadataOf(typed, before)).toEqual({ values: { ...before, new: 'z' } })
  })

  it('name what is new, what is different and what is gone, and nothing else', () => {
    const before = { take: 1, graded: true, project: 'A', count: 3 }
    const after = { take: 2, project: 'A', count: '3', note: 'new' }
    expect(changesOf(before, after)).toEqual({ graded: null, take: 2, count: '3', note: 'new' })
  })

  it('are none where nothing was changed, and all where there was nothing', () => {
    expect(changesOf({ take: 1 }, { take: 1 })).toEqual({})
    expect(changesOf({}, { take: 1 })).toEqual({ take: 1 })
    expect(changesOf({ take: 1 }, {})).toEqual({ take: null })
  })
})

describe('technical metadata', () => {
  it('is written with units, in words', () => {
    const facts = technicalFacts({
      file_size_bytes: 314_572_800,
      video_duration_seconds: 6.04,
      video_fps: 29.97002997,
      audio_sample_rate: 48_000,
      is_hdr: false,
      bitrate_bps: 1_500_000,
      file_mime_type: 'video/mp4',
      gone: undefined,
    })
    expect(facts).toEqual([
      ['File size', '300.0 MiB'],
      ['Video duration', '0:06 (6.04 s)'],
      ['Video fps', '29.97'],
      ['Audio sample rate', '48,000 Hz'],
      ['Is HDR', 'no'],
      ['Bitrate', '1.5 Mbit/s'],
      ['File MIME type', 'video/mp4'],
    ])
  })
})
