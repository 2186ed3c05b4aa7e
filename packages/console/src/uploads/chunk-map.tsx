import type { ChunkInfo } from '@partway/protocol'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useSession } from '../api/use.ts'
import {
  type ChunkRanges,
  COMPLETED,
  cellAt,
  countCells,
  describeRanges,
  FAILED,
  STATE_NAMES,
} from '../lib/cells.ts'
import { formatSize, plural } from '../lib/format.ts'
import { isDark } from '../shell/theme.ts'
import { createMapPainter, type MapPainter } from './map-painter.ts'

export interface ChunkMapViewProps {
  /** Of the upload. */
  id: string
  cells: Uint8Array
  ranges: ChunkRanges
  /** Bytes. */
  chunkSize: number
  totalSize: number
}

/** One cell for every chunk. Cells are looked at with the pointer or the arrow keys. */
export function ChunkMapView({ id, cells, ranges, chunkSize, totalSize }: ChunkMapViewProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const painter = useRef<MapPainter>()
  const [marked, setMarked] = useState<number>()

  useEffect(() => {
    const created = createMapPainter(canvas.current!)
    painter.current = created
    const watcher = new ResizeObserver(() => created.repaint())
    watcher.observe(canvas.current!.parentElement!)
    return () => {
      watcher.disconnect()
      created.stop()
    }
  }, [])
  useEffect(() => painter.current!.update(cells), [cells])
  useEffect(() => painter.current!.repaint(), [isDark.value])
  useEffect(() => painter.current!.mark(marked), [marked])

  const [pending, completed, failed] = countCells(cells)
  const onPointer = ({ offsetX, offsetY }: PointerEvent) =>
    setMarked(cellAt(painter.current!.layout, cells.length, offsetX, offsetY))
  const onKey = (event: KeyboardEvent) => {
    const { columns } = painter.current!.layout
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key]
    const edge = { Home: 0, End: cells.length - 1 }[event.key]
    if (event.key === 'Escape') return setMarked(undefined)
    if (step === undefined && edge === undefined) return
    event.preventDefault()
    // By what is marked then: a key that is held comes faster than the page is drawn.
    setMarked((now) => {
      const next = edge ?? (now === undefined ? 0 : now + step!)
      return next >= 0 && next < cells.length ? next : now
    })
  }

  return (
    <div class="chunk-map">
      <p class="legend">
        <Legend state="completed" count={completed} />
        <Legend state="failed" count={failed} />
        <Legend state="pending" count={pending} />
      </p>
      <div class="map-box">
        <canvas
          ref={canvas}
          role="img"
          tabIndex={0}
          aria-label={`Map of ${plural(cells.length, 'chunk')}: ${completed} completed, ${failed} failed, ${pending} pending. Arrow keys tell one at a time.`}
          onPointerMove={onPointer}
          onPointerLeave={() => setMarked(undefined)}
          onPointerDown={onPointer}
          onKeyDown={onKey}
          onBlur={() => setMarked(undefined)}
        />
      </div>
      <output class="map-told" aria-live="polite">
        {marked === undefined ? (
          <span class="fine">Point at a cell, or use the arrow keys.</span>
        ) : (
          <Chunk id={id} index={marked + 1} state={cells[marked]!} {...{ chunkSize, totalSize }} />
        )}
      </output>
      <details class="map-text">
        <summary>As text</summary>
        <dl class="facts">
          <div>
            <dt>Completed</dt>
            <dd>{describeRanges(ranges.completed)}</dd>
          </div>
          <div>
            <dt>Failed</dt>
            <dd>{describeRanges(ranges.failed)}</dd>
          </div>
        </dl>
      </details>
    </div>
  )
}

const Legend = ({ state, count }: { state: (typeof STATE_NAMES)[number]; count: number }) => (
  <span class={`legend-item ${state}`}>
    <span class="legend-cell" />
    {count.toLocaleString('en')} {state}
  </span>
)

interface ChunkProps {
  id: string
  index: number
  state: number
  chunkSize: number
  totalSize: number
}

/** How long a cell is looked at before the server is asked about it, in milliseconds. */
const LOOK_MS = 250

function Chunk({ id, index, state, chunkSize, totalSize }: ChunkProps) {
  const { client } = useSession()
  const [info, setInfo] = useState<ChunkInfo>()
  const start = (index - 1) * chunkSize
  const end = Math.min(totalSize, index * chunkSize)
  useEffect(() => {
    setInfo(undefined)
    if (state !== FAILED && state !== COMPLETED) return
    const asked = new AbortController()
    const timer = setTimeout(() => {
      client.uploads
        .status(id, { page: index, page_limit: 1 }, asked.signal)
        .then(({ uploaded_chunks: [chunk] }) => setInfo(chunk))
        .catch(() => {})
    }, LOOK_MS)
    return () => {
      clearTimeout(timer)
      asked.abort()
    }
  }, [client, id, index, state])
  return (
    <span>
      <strong>Chunk {index}</strong> · {formatSize(end - start)} from {formatSize(start)} ·{' '}
      {STATE_NAMES[state as 0 | 1 | 2]}
      {info?.error ? `: ${info.error}` : ''}
      {info?.uploaded_at ? ` at ${new Date(info.uploaded_at).toLocaleTimeString('en')}` : ''}
    </span>
  )
}
