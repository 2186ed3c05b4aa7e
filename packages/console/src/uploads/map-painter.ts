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
  /** The cell that has a frame around it on the canvas. */
  let framed: number | undefined
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
    const marks = [framed, marked].filter((position) => position !== undefined)
    const changed = [...changedCells(painted, wanted), ...marks]
    // What was there before would show through at round corners, as would a frame in the gap.
    if (painted) for (const position of changed) clearCell(position)
    // One path a colour: filling one costs more than a rectangle in it.
    for (const [state, name] of COLOURS.entries()) {
      context.fillStyle = style.getPropertyValue(name)
      context.beginPath()
      for (const position of changed) if (wanted[position] === state) addCell(position)
      context.fill()
    }
    painted = wanted.slice()
    if (marked !== undefined) frameCell(marked, style.getPropertyValue('--ink'))
    framed = marked
  }

  function place(position: number): [x: number, y: number] {
    const { columns, pitch } = layout
    return [(position % columns) * pitch, Math.floor(position / columns) * pitch]
  }

  function addCell(position: number): void {
    const [x, y] = place(position)
    const { size } = layout
    if (size < 8) context.rect(x, y, size, size)
    else context.roundRect(x, y, size, size, size / 5)
  }

  /** With half of the gap around it. */
  function clearCell(position: number): void {
    const [x, y] = place(position)
    const { pitch, size } = layout
    const reach = (pitch - size) / 2
    context.clearRect(x - reach, y - reach, pitch, pitch)
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
      request()
    },
    get layout() {
      return layout
    },
    stop: () => cancelAnimationFrame(frame),
  }
}
