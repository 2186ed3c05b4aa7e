/**
 * Whether a GIF (version 89a) goes on to its trailer. Decoders are content with the pictures that
 * are there.
 */
export function endsProperly(bytes: Buffer): boolean {
  // The header, then the table of colours that all pictures share.
  let at = 13 + tableLength(bytes[10])
  while (at < bytes.length) {
    const kind = bytes[at]
    if (kind === 0x3b) return true
    if (kind === 0x21) at += 2
    else if (kind === 0x2c) at += 10 + tableLength(bytes[at + 9]) + 1
    else return false
    // Data comes in blocks of up to 255 bytes; an empty one is the last.
    while (bytes[at]) at += 1 + bytes[at]!
    at++
  }
  return false
}

function tableLength(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}
