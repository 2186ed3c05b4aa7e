import { describe, expect, it } from 'vitest'
import { findBoxes, listBoxes } from '../../src/adapters/media/boxes.ts'
import { checkStructure } from '../../src/adapters/media/structure.ts'
import { MediaError } from '../../src/core/ports.ts'

/** Bytes in memory, and how often they were read. */
function sourceOf(bytes: Buffer) {
  const source = {
    reads: 0,
    size: bytes.length,
    async read(start: number, end: number) {
      source.reads++
      return bytes.subarray(start, Math.min(end, bytes.length))
    },
  }
  return source
}

function box(type: string, length: number, ...content: Buffer[]): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32BE(length)
  header.write(type, 4, 'latin1')
  return Buffer.concat([header, ...content])
}

const whole = (type: string, ...content: Buffer[]) =>
  box(type, 8 + Buffer.concat(content).length, ...content)

describe('boxes', () => {
  it('are listed as far as they make sense', async () => {
    const source = sourceOf(
      Buffer.concat([whole('ftyp'), whole('moov', whole('trak')), box('mdat', 3)]),
    )
    const boxes = await listBoxes(source, 0, source.size)
    expect(boxes.map(({ type }) => type)).toEqual(['ftyp', 'moov'])
  })

  it('are not longer than the box they are in', async () => {
    const lying = whole('trak', box('mdia', 1_000_000), box('mdia', 1_000_000))
    const source = sourceOf(Buffer.concat([whole('moov', lying), whole('free', Buffer.alloc(100))]))
    const [movie] = await listBoxes(source, 0, source.size)
    const found = await findBoxes(source, movie!, 'trak mdia')
    expect(found).toEqual([{ type: 'mdia', start: 24, end: 32 }])
  })

  it('within boxes within boxes are not looked at for ever', async () => {
    // Each claims all that follows, so that every level lists the bytes of all others again.
    const level = (type: string, count: number) =>
      Buffer.concat(Array.from({ length: count }, (_, i) => box(type, 8 * (count - i) + 40_000)))
    const tracks = Buffer.concat(
      Array.from({ length: 300 }, () => whole('trak', level('mdia', 100))),
    )
    const bytes = Buffer.concat([whole('ftyp'), whole('moov', tracks), Buffer.alloc(50_000)])
    const source = sourceOf(bytes)
    const checked = checkStructure(source, 'video/mp4').catch((error) => error)
    expect([undefined, MediaError]).toContain((await checked)?.constructor)
    expect(source.reads).toBeLessThan(25_000)
  })

  it('without end are given up', async () => {
    const tracks = Array.from({ length: 1000 }, () =>
      whole('trak', ...Array.from({ length: 30 }, () => whole('mdia', whole('minf')))),
    )
    const source = sourceOf(Buffer.concat([whole('ftyp'), whole('moov', ...tracks)]))
    await expect(checkStructure(source, 'video/mp4')).rejects.toBeInstanceOf(MediaError)
    expect(source.reads).toBeLessThan(25_000)
  })
})
