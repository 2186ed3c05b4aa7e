import type { InputVideoTrack } from 'mediabunny'

/** How the components of a pixel are stored. */
export interface Coding {
  /** As ffmpeg names it. */
  pixelFormat?: string
  bitDepth?: number
}

/** Reads what the configuration of the decoder says; nothing where it says nothing. */
export async function codingOf(track: InputVideoTrack): Promise<Coding> {
  const config = await track.getDecoderConfig()
  const description = config?.description ?? new ArrayBuffer(0)
  const bytes = ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description)
  switch (await track.getCodec()) {
    case 'avc':
      return bytes.length > 6 ? avc(bytes) : {}
    case 'hevc':
      // ISO/IEC 14496-15, 8.3.3: chroma format and luma depth in the lowest bits.
      return bytes.length > 18 ? coding(bytes[16]! & 3, (bytes[17]! & 7) + 8) : {}
    case 'vp8':
      return coding(1, 8)
    case 'vp9':
    case 'av1':
      return fromName(config?.codec ?? '')
    default:
      return {}
  }
}

/** Profiles below High know 4:2:0 in 8 bits only; the others say it behind the parameter sets. */
function avc(bytes: Uint8Array): Coding {
  if ([66, 77, 88].includes(bytes[1]!)) return coding(1, 8)
  let at = 6
  for (let left = bytes[5]! & 31; left > 0; left--) at += 2 + bytes[at]! * 256 + bytes[at + 1]!
  let pictures = bytes[at++] ?? 0
  for (; pictures > 0; pictures--) at += 2 + bytes[at]! * 256 + bytes[at + 1]!
  // Older writers leave the rest out, which means the usual.
  if (at + 2 >= bytes.length) return bytes[1] === 100 ? coding(1, 8) : {}
  return coding(bytes[at]! & 3, (bytes[at + 1]! & 7) + 8)
}

/** `vp09.profile.level.depth.chroma…`, `av01.profile.level.depth.mono.chroma…` */
function fromName(name: string): Coding {
  const [codec, profile, , depth, first, second] = name.split('.')
  if (!depth) return codec === 'vp09' && profile === '00' ? coding(1, 8) : {}
  const chroma = codec === 'vp09' ? [1, 1, 2, 3][Number(first ?? 1)] : avChroma(profile, second)
  return chroma === undefined ? {} : coding(chroma, Number(depth))
}

function avChroma(profile: string | undefined, subsampling: string | undefined) {
  if (profile === '0') return 1
  if (profile === '1') return 3
  return subsampling === undefined ? undefined : { '0': 3, '1': 1 }[subsampling[1]!]
}

/** @param chroma as H.264 counts: 0 none, 1 4:2:0, 2 4:2:2, 3 4:4:4 */
function coding(chroma: number, bitDepth: number): Coding {
  const layout = ['gray', 'yuv420p', 'yuv422p', 'yuv444p'][chroma]!
  return { bitDepth, pixelFormat: bitDepth > 8 ? `${layout}${bitDepth}le` : layout }
}
