import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createEventParser } from '../../src/lib/sse.ts'

const parse = (...pieces: string[]) => {
  const feed = createEventParser()
  return pieces.flatMap(feed)
}

describe('a stream of events', () => {
  it('is cut into events, with the id that was given last', () => {
    const text =
      ': hello\n\nevent: ready\nid: 7\ndata: {}\n\ndata: a\ndata:b\n\nevent: upload\ndata: c\nid\n\n'
    expect(parse(text)).toEqual([
      { event: 'ready', id: '7', data: '{}' },
      { event: 'message', id: '7', data: 'a\nb' },
      { event: 'upload', id: '', data: 'c' },
    ])
  })

  it('gives no event without data, and none that is not finished', () => {
    expect(parse('event: x\nid: 1\n\ndata: y\n')).toEqual([])
  })

  it('says the same wherever it is cut, and however its lines end', () => {
    const lines = ['id: 1', 'event: asset', 'data: {"a":"ä"}', '', ': ping', '', 'data: 2', '', '']
    const whole = parse(lines.join('\n'))
    expect(whole).toHaveLength(2)
    fc.assert(
      fc.property(fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(60)), (end, cuts) => {
        const text = lines.join(end)
        const places = [
          0,
          ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b),
          text.length,
        ]
        const pieces = places.slice(1).map((place, i) => text.slice(places[i], place))
        expect(parse(...pieces)).toEqual(whole)
      }),
    )
  })
})
