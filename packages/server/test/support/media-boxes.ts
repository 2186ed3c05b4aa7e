export interface Span {
  type: string
  at: number
  /** Bytes, header included. */
  length: number
}

/** The boxes of an MP4 side by side; none that are longer than 4 GiB. */
export function topBoxes(bytes: Buffer): Span[] {
  const boxes: Span[] = []
  for (let at = 0; at + 8 <= bytes.length; at += boxes.at(-1)!.length) {
    const type = bytes.toString('latin1', at + 4, at + 8)
    boxes.push({ type, at, length: bytes.readUInt32BE(at) })
  }
  return boxes
}

const PARENTS = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'dinf']

/** `box` with some of the boxes in it replaced, whatever their length. */
export function rewriteBox(
  box: Buffer,
  replace: (type: string, box: Buffer) => Buffer | undefined,
): Buffer {
  const type = box.toString('latin1', 4, 8)
  const other = replace(type, box)
  if (other) return other
  if (!PARENTS.includes(type)) return box
  const children = topBoxes(box.subarray(8)).map(({ at, length }) =>
    rewriteBox(box.subarray(8 + at, 8 + at + length), replace),
  )
  return makeBox(type, ...children)
}

export function makeBox(type: string, ...content: Uint8Array[]): Buffer {
  const box = Buffer.concat([Buffer.alloc(8), ...content])
  box.writeUInt32BE(box.length, 0)
  box.write(type, 4, 'latin1')
  return box
}
