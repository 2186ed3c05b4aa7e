import type { ChunkMap } from '@partway/protocol'

/** The chunks of an upload, by inclusive ranges of 1-based indexes; what is in neither is pending. */
export type ChunkRanges = Pick<ChunkMap, 'total_chunks' | 'completed' | 'failed'>

/** Of a cell; 0 is pending, and names are in this order. */
export const COMPLETED = 1
export const FAILED = 2
export const STATE_NAMES = ['pending', 'completed', 'failed'] as const

/** One state for every chunk, in order. */
export function cellsOf({ total_chunks, completed, failed }: ChunkRanges): Uint8Array {
  const cells = new Uint8Array(total_chunks)
  for (const [first, last] of completed) cells.fill(COMPLETED, first - 1, last)
  for (const [first, last] of failed) cells.fill(FAILED, first - 1, last)
  return cells
}

/** Positions whose state differs; all of them when there was nothing before. */
export function changedCells(before: Uint8Array | undefined, after: Uint8Array): number[] {
  const changed: number[] = []
  const same = before?.length === after.length ? before : undefined
  for (let i = 0; i < after.length; i++) if (same?.[i] !== after[i]) changed.push(i)
  return changed
}

export function countCells(
  cells: Uint8Array,
): [pending: number, completed: number, failed: number] {
  const counts: [number, number, number] = [0, 0, 0]
  for (const state of cells) counts[state as 0 | 1 | 2] += 1
  return counts
}

/** Where cells are, in CSS pixels. */
export interface CellLayout {
  columns: number
  rows: number
  /** From one cell to the next. */
  pitch: number
  /** Of one cell, less than the pitch. */
  size: number
  height: number
}

/** Largest and smallest distance between cells, in CSS pixels. */
const PITCH = { most: 20, least: 3 }
/** As high as the map may get, in CSS pixels, unless its cells would become too small to see. */
const MAX_HEIGHT = 360

/** The largest cells with which all fit. */
export function layoutCells(count: number, width: number): CellLayout {
  for (let pitch = PITCH.most; ; pitch--) {
    const columns = Math.max(1, Math.min(count, Math.floor(width / pitch)))
    const rows = Math.ceil(count / columns)
    if (rows * pitch > MAX_HEIGHT && pitch > PITCH.least) continue
    const gap = pitch >= 12 ? 3 : pitch >= 7 ? 2 : 1
    return { columns, rows, pitch, size: pitch - gap, height: rows * pitch }
  }
}

/** The position of the cell at a place; `undefined` beside all cells. */
export function cellAt(
  layout: CellLayout,
  count: number,
  x: number,
  y: number,
): number | undefined {
  const column = Math.floor(x / layout.pitch)
  const row = Math.floor(y / layout.pitch)
  if (column < 0 || row < 0 || column >= layout.columns) return undefined
  const position = row * layout.columns + column
  return position < count ? position : undefined
}

/** `1–50, 62, 70–71 and 3 more ranges`; `none` */
export function describeRanges(ranges: [number, number][], most = 20): string {
  if (ranges.length === 0) return 'none'
  const shown = ranges
    .slice(0, most)
    .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`))
    .join(', ')
  const rest = ranges.length - most
  return rest > 0 ? `${shown} and ${rest} more ${rest === 1 ? 'range' : 'ranges'}` : shown
}
