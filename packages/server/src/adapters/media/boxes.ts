import type { ByteSource } from './byte-source.ts'

// The boxes of MP4 and QuickTime files (ISO/IEC 14496-12, 4.2): a length, four letters, content.

export interface Box {
  type: string
  /** Where the content begins and the box ends, in bytes from the start of the file. */
  start: number
  end: number
}

/** More boxes side by side than any sane file has, but for fragments. */
const MAX_BOXES = 1024

/** The boxes side by side from `start` to `end`, as far as they make sense. */
export async function listBoxes(source: ByteSource, start: number, end: number): Promise<Box[]> {
  const boxes: Box[] = []
  for (let at = start; at + 8 <= end && boxes.length < MAX_BOXES; ) {
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
    const below = await Promise.all(
      found.map(({ start, end }) => listBoxes(source, start, Math.min(end, source.size))),
    )
    found = below.flat().filter((candidate) => candidate.type === type)
  }
  return found
}

/** The first `length` bytes of a box's content, or what there is. */
export function readBox(source: ByteSource, box: Box, length: number): Promise<Buffer> {
  return source.read(box.start, Math.min(box.start + length, box.end))
}

/** The four letters that name how the samples of a track are coded. */
export async function sampleEntries(source: ByteSource, track: Box): Promise<Box[]> {
  const [table] = await findBoxes(source, track, 'mdia minf stbl stsd')
  // Version, flags and a count come before the entries.
  return table ? listBoxes(source, table.start + 8, Math.min(table.end, source.size)) : []
}
