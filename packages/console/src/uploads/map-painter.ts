import { type CellLayout, changedCells, layoutCells } from '../lib/cells.ts'

export interface MapPainter {
  /** Paints what differs from before, with the next frame. */
  update(cells: Uint8Array): void
  /** Paints all of it: another width, or other colours. */
  repaint(): void
  /** Marks one cell; `undefined` none. */
  mark(position: number | undefined): void
  readonly layout: CellLayout
  stop(): void
}

/** Custom properties of the stylesheet, by state. */
const COLOURS = ['--cell-pending', '--cell-completed', '--cell-failed'] as const

/** Draws cells on a canvas as wide as its box, and as high as they need. */
export function createMapPainter(canvas: HTMLCanvasElement): MapPainter {
  const context = canvas.getContext('2d')!
  let wanted: Uint8Array = new Uint8Array()
  let painted: Uint8Array | undefined
  let layout = layoutCells(1, 1)
  let marked: number | undefined
  let frame = 0

  function size(): void {
    const width = canvas.clientWidth
    const ratio = window.devicePixelRatio || 1
    layout = layoutCells(Math.max(1, wanted.length), Math.max(1, width))
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(layout.height * ratio)
    // By CSSOM: a style attribute is not allowed here.
    canvas.style.height = `${layout.height}px`
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
  }

  function draw(): void {
    frame = 0
    if (painted?.length !== wanted.length) {
      size()
      painted = undefined
    }
    const style = getComputedStyle(canvas)
    const changed = changedCells(painted, wanted)
    // One path a colour: setting a colour costs more than a rectangle.
    for (const [state, name] of COLOURS.entries()) {
      context.fillStyle = style.getPropertyValue(name)
      for (const position of changed) if (wanted[position] === state) cell(position)
    }
    painted = wanted.slice()
    if (marked !== undefined) frameCell(marked, style.getPropertyValue('--ink'))
  }

  function place(position: number): [x: number, y: number] {
    const { columns, pitch } = layout
    return [(position % columns) * pitch, Math.floor(position / columns) * pitch]
  }

  function cell(position: number): void {
    const [x, y] = place(position)
    const { size } = layout
    context.beginPath()
    if (size < 8) context.rect(x, y, size, size)
    else context.roundRect(x, y, size, size, size / 5)
    context.fill()
  }

  function frameCell(position: number, colour: string): void {
    const [x, y] = place(position)
    const { size } = layout
    context.strokeStyle = colour
    context.lineWidth = size < 8 ? 1 : 2
    context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1)
  }

  function request(): void {
    frame ||= requestAnimationFrame(draw)
  }

  function repaint(): void {
    painted = undefined
    request()
  }

  return {
    update(cells) {
      wanted = cells
      request()
    },
    repaint,
    mark(position) {
      if (position === marked) return
      marked = position
      // The frame reaches into the gap: simplest is all of it.
      repaint()
    },
    get layout() {
      return layout
    },
    stop: () => cancelAnimationFrame(frame),
  }
}
