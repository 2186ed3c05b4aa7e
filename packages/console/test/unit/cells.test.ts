import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cellAt,
  cellsOf,
  changedCells,
  countCells,
  describeRanges,
  layoutCells,
} from '../../src/lib/cells.ts'

describe('the cells of a map of chunks', () => {
  it('have the state of the range they are in, and are pending in none', () => {
    const cells = cellsOf({
      total_chunks: 7,
      completed: [
        [1, 2],
        [7, 7],
      ],
      failed: [[4, 5]],
    })
    expect([...cells]).toEqual([1, 1, 0, 2, 2, 0, 1])
    expect(countCells(cells)).toEqual([2, 3, 2])
  })

  it('change only where they differ', () => {
    const before = Uint8Array.of(0, 1, 0, 2)
    expect(changedCells(before, Uint8Array.of(0, 1, 1, 1))).toEqual([2, 3])
    expect(changedCells(before, before.slice())).toEqual([])
    expect(changedCells(undefined, Uint8Array.of(0, 0))).toEqual([0, 1])
    expect(changedCells(before, Uint8Array.of(0))).toEqual([0])
  })

  it('all fit into the width, each at a place of its own, and the place leads back to it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 60, max: 3000 }),
        fc.nat(),
        (count, width, pick) => {
          const layout = layoutCells(count, width)
          expect(layout.columns * layout.pitch).toBeLessThanOrEqual(width)
          expect(layout.columns * layout.rows).toBeGreaterThanOrEqual(count)
          const position = pick % count
          const x = (position % layout.columns) * layout.pitch
          const y = Math.floor(position / layout.columns) * layout.pitch
          expect(y + layout.size).toBeLessThanOrEqual(layout.height)
          expect(cellAt(layout, count, x, y)).toBe(position)
        },
      ),
    )
  })

  it('are nowhere beside the map', () => {
    const layout = layoutCells(10, 100)
    expect(cellAt(layout, 10, -1, 0)).toBeUndefined()
    expect(cellAt(layout, 10, 99, 39)).toBe(9)
    expect(cellAt(layout, 10, 100, 0)).toBeUndefined()
    expect(cellAt(layout, 10, 0, 40)).toBeUndefined()
  })

  it('of 10,000 chunks are high at most 360 pixels on a wide screen', () => {
    expect(layoutCells(10_000, 1100).height).toBeLessThanOrEqual(360)
  })

  it('are described by their ranges', () => {
    expect(describeRanges([])).toBe('none')
    expect(
      describeRanges([
        [1, 50],
        [62, 62],
      ]),
    ).toBe('1–50, 62')
    const many = Array.from({ length: 5 }, (_, i): [number, number] => [2 * i + 1, 2 * i + 1])
    expect(describeRanges(many, 3)).toBe('1, 3, 5 and 2 more ranges')
  })
})
