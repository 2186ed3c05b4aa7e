/**
 * The size of the largest picture in a HEIF file, from its spatial extents (ISO/IEC 23008-12,
 * 6.5.3): the parts of a picture that is stored as a grid are smaller than it.
 */
export function heifSize(bytes: Buffer): { width: number; height: number } | undefined {
  let best: { width: number; height: number } | undefined
  // They stand within the first boxes, and a picture's data seldom looks like one.
  const head = bytes.subarray(0, 64 * 1024)
  for (let at = head.indexOf('ispe'); at >= 0; at = head.indexOf('ispe', at + 4)) {
    if (at < 4 || at + 16 > head.length || head.readUInt32BE(at - 4) !== 20) continue
    const [width, height] = [head.readUInt32BE(at + 8), head.readUInt32BE(at + 12)]
    if (width && height && width * height > (best ? best.width * best.height : 0)) {
      best = { width, height }
    }
  }
  return best
}
