// The few boxes of fragmented MP4 (ISO/IEC 14496-12) that playlists are written from. ffmpeg made
// them, so they are read without mistrust.

/** What the init segment says about a stream. */
export interface Track {
  id: number
  kind: 'video' | 'audio'
  /** As in RFC 6381; `undefined` for what we do not make. */
  codec: string | undefined
  /** Pixels as displayed, which are square. 0 for sound. */
  width: number
  height: number
}

/** When a stream plays in a segment: seconds on the stream's clock. */
export interface Span {
  track: number
  start: number
  end: number
}

interface Box {
  type: string
  /** The box without its header. */
  body: Buffer
}

function* boxesOf(bytes: Buffer): Generator<Box> {
  for (let at = 0; at + 8 <= bytes.byteLength; ) {
    const size = bytes.readUInt32BE(at)
    if (size < 8) return
    yield {
      type: bytes.toString('latin1', at + 4, at + 8),
      body: bytes.subarray(at + 8, at + size),
    }
    at += size
  }
}

/** The body of the box at `path`. */
function find(bytes: Buffer, ...path: string[]): Buffer | undefined {
  const [type, ...rest] = path
  if (type === undefined) return bytes
  for (const box of boxesOf(bytes)) if (box.type === type) return find(box.body, ...rest)
  return undefined
}

export function readInit(bytes: Buffer): Track[] {
  const moov = find(bytes, 'moov') ?? Buffer.alloc(0)
  return [...boxesOf(moov)]
    .filter(({ type }) => type === 'trak')
    .map(({ body }) => {
      const header = find(body, 'tkhd')!
      const video = find(body, 'mdia', 'hdlr')!.toString('latin1', 8, 12) === 'vide'
      // Version 1 has 64-bit times. Sizes are fixed-point numbers.
      const long = header[0] === 1 ? 12 : 0
      const [width, height] = [76, 80].map((at) =>
        Math.round(header.readUInt32BE(at + long) / 65536),
      )
      const [entry] = boxesOf(find(body, 'mdia', 'minf', 'stbl', 'stsd')!.subarray(8))
      return {
        id: header.readUInt32BE(12 + (long ? 8 : 0)),
        kind: video ? 'video' : 'audio',
        codec: entry && codecOf(entry),
        width: width!,
        height: height!,
      }
    })
}

/** Bytes of a sample entry before its boxes (12.1.3 and 12.2.3). */
const VISUAL_FIELDS = 78
const AUDIO_FIELDS = 28

function codecOf({ type, body }: Box): string | undefined {
  if (type === 'avc1') {
    const config = find(body.subarray(VISUAL_FIELDS), 'avcC')
    return config && `avc1.${config.toString('hex', 1, 4)}`
  }
  if (type === 'mp4a') {
    const descriptors = find(body.subarray(AUDIO_FIELDS), 'esds')
    return descriptors && `mp4a.40.${audioObjectType(descriptors.subarray(4))}`
  }
  return undefined
}

/** From the DecoderSpecificInfo (tag 5) inside 3 and 4 (ISO/IEC 14496-1, 7.2.6). */
function audioObjectType(descriptors: Buffer): number {
  const FIELDS: Record<number, number> = { 3: 3, 4: 13 }
  for (let at = 0; at < descriptors.byteLength; ) {
    const tag = descriptors[at++]!
    while (descriptors[at++]! & 0x80);
    if (tag === 5) {
      const type = descriptors[at]! >> 3
      return type < 31 ? type : 32 + ((descriptors.readUInt16BE(at) >> 5) & 63)
    }
    at += FIELDS[tag] ?? descriptors.byteLength
  }
  return 2
}

/** From the `sidx` boxes that ffmpeg puts before a fragment, one per stream. */
export function readSpans(head: Buffer): Span[] {
  const spans: Span[] = []
  for (const { type, body } of boxesOf(head)) {
    if (type === 'moof') break
    if (type !== 'sidx') continue
    const timescale = body.readUInt32BE(8)
    const long = body[0] === 1
    const start = (long ? Number(body.readBigUInt64BE(12)) : body.readUInt32BE(12)) / timescale
    // Then the offset, a count, and of the only entry first a size.
    const duration = body.readUInt32BE((long ? 28 : 20) + 8) / timescale
    if (duration > 0) spans.push({ track: body.readUInt32BE(4), start, end: start + duration })
  }
  return spans
}
