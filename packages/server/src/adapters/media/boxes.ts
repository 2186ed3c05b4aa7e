import { MediaError } from '../../core/media-port.ts'
import type { ByteSource } from './byte-source.ts'
import { PROBLEMS } from './problems.ts'

// The boxes of MP4 and QuickTime files (ISO/IEC 14496-12, 4.2): a length, four letters, content.

export interface Box {
  type: string
  /** Where the content begins and the box ends, in bytes from the start of the file. */
  start: number
  end: number
}

/** More boxes side by side than any sane file has, but for fragments. */
const MAX_BOXES = 1024

/**
 * More boxes in all than any sane file makes us look at. A few kilobytes can claim to be boxes within
 * boxes without end.
 */
const MAX_LOOKED_AT = 20_000
const lookedAt = new WeakMap<ByteSource, number>()

function count(source: ByteSource): void {
  const before = lookedAt.get(source) ?? 0
  if (before >= MAX_LOOKED_AT) throw new MediaError(PROBLEMS.damaged)
  lookedAt.set(source, before + 1)
}

/** The boxes side by side from `start` to `end`, as far as they make sense. @throws MediaError when there are too many */
export async function listBoxes(source: ByteSource, start: number, end: number): Promise<Box[]> {
  const boxes: Box[] = []
  for (let at = start; at + 8 <= end && boxes.length < MAX_BOXES; ) {
    count(source)
    const header = await source.read(at, at + 16)
    if (header.length < 8) break
    const type = header.toString('latin1', 4, 8)
    let length = header.readUInt32BE(0)
    let content = 8
    if (length === 1 && header.length === 16) {
      length = Number(header.readBigUInt64BE(8))
      content = 16
    } else if (length === 0) {
      length = end - at
    }
    if (length < content) break
    boxes.push({ type, start: at + content, end: at + length })
    at += length
  }
  return boxes
}

/** The boxes at `path` below `box`, such as `mdia minf stbl stsd`. */
export async function findBoxes(source: ByteSource, box: Box, path: string): Promise<Box[]> {
  let found = [box]
  for (const type of path.split(' ')) {
    const below = await Promise.all(found.map((parent) => listWithin(source, parent)))
    found = below.flat().filter((candidate) => candidate.type === type)
  }
  return found
}

/** The boxes in a box, none of which is longer than it, whatever they say. */
async function listWithin(source: ByteSource, { start, end }: Box): Promise<Box[]> {
  const last = Math.min(end, source.size)
  const boxes = await listBoxes(source, start, last)
  return boxes.map((box) => ({ ...box, end: Math.min(box.end, last) }))
}

/** The first `length` bytes of a box's content, or what there is. */
export function readBox(source: ByteSource, box: Box, length: number): Promise<Buffer> {
  return source.read(box.start, Math.min(box.start + length, box.end))
}

/** The four letters that name how the samples of a track are coded. */
export async function sampleEntries(source: ByteSource, track: Box): Promise<Box[]> {
  const [table] = await findBoxes(source, track, 'mdia minf stbl stsd')
  // Version, flags and a count come before the entries.
  return table ? listWithin(source, { ...table, start: table.start + 8 }) : []
}
