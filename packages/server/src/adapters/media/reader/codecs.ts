// The names of codecs as ffprobe has them, which are the contract's.

const VIDEO: Record<string, string> = { avc: 'h264' }

const AUDIO: Record<string, string> = {
  ulaw: 'pcm_mulaw',
  alaw: 'pcm_alaw',
  'pcm-u8': 'pcm_u8',
  'pcm-s8': 'pcm_s8',
}

/** What mediabunny does not read, but players and ffmpeg do: by the container's own name. */
const OTHERS: Record<string, string> = {
  mp4v: 'mpeg4',
  'V_MPEG4/ISO/ASP': 'mpeg4',
  V_MPEG1: 'mpeg1video',
  V_MPEG2: 'mpeg2video',
  V_THEORA: 'theora',
  '1': 'mpeg1video',
  '2': 'mpeg2video',
  jpeg: 'mjpeg',
  V_MJPEG: 'mjpeg',
  alac: 'alac',
  A_ALAC: 'alac',
  A_DTS: 'dts',
  A_TRUEHD: 'truehd',
}

export function videoCodec(codec: string | null, internal: unknown): string | undefined {
  return codec ? (VIDEO[codec] ?? codec) : OTHERS[String(internal)]
}

export function audioCodec(codec: string | null, internal: unknown): string | undefined {
  if (!codec) return OTHERS[String(internal)]
  const samples = /^pcm-([suf]\d+)(be)?$/.exec(codec)
  return AUDIO[codec] ?? (samples ? `pcm_${samples[1]}${samples[2] ?? 'le'}` : codec)
}

export const LONG_NAMES: Record<string, string> = {
  aac: 'AAC (Advanced Audio Coding)',
  opus: 'Opus (Opus Interactive Audio Codec)',
  mp3: 'MP3 (MPEG audio layer 3)',
  vorbis: 'Vorbis',
  flac: 'FLAC (Free Lossless Audio Codec)',
  alac: 'ALAC (Apple Lossless Audio Codec)',
  ac3: 'ATSC A/52A (AC-3)',
  eac3: 'ATSC A/52B (AC-3, E-AC-3)',
  dts: 'DCA (DTS Coherent Acoustics)',
  pcm_s16le: 'PCM signed 16-bit little-endian',
  pcm_s24le: 'PCM signed 24-bit little-endian',
  pcm_s32le: 'PCM signed 32-bit little-endian',
  pcm_f32le: 'PCM 32-bit floating point little-endian',
  pcm_u8: 'PCM unsigned 8-bit',
}
