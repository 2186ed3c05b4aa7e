import type { Track } from './hls-boxes.ts'
import { INIT, type Segment } from './hls-intake.ts'

// The playlists (RFC 8216) are our own and not ffmpeg's, which knows the codecs of what it
// encodes only, guesses the bandwidth, and takes the last segment to end with the video.

export const MASTER = 'manifest.m3u8'
export const STREAM = 'stream.m3u8'

/** Seconds that each segment plays; together, from the first picture or sound to the last. */
export function durationsOf(tracks: Track[], segments: Segment[]): number[] {
  const leading = (tracks.find(({ kind }) => kind === 'video') ?? tracks[0])?.id
  const spans = segments.flatMap((segment) => segment.spans)
  const starts = segments.map(({ spans }, index) => {
    if (index === 0) return Math.min(...spans.map(({ start }) => start))
    // ffmpeg cuts at key frames: video begins at the cut, while sound may begin a little earlier.
    const span = spans.find(({ track }) => track === leading) ?? spans[0]
    return span?.start ?? Number.NaN
  })
  const end = Math.max(...spans.map((span) => span.end))
  const durations = starts.map((start, index) => (starts[index + 1] ?? end) - start)
  if (!durations.every((duration) => duration >= 0)) throw new Error('segments without times')
  return durations
}

export function mediaPlaylist(segments: Segment[], durations: number[]): string {
  const entries = segments.map(({ name }, i) => `#EXTINF:${durations[i]!.toFixed(6)},\n${name}`)
  return lines([
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(Math.max(...durations)))}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MAP:URI="${INIT}"`,
    ...entries,
    '#EXT-X-ENDLIST',
  ])
}

export function masterPlaylist(tracks: Track[], segments: Segment[], durations: number[]): string {
  const rates = segments.map(({ size }, i) => (size * 8) / Math.max(durations[i]!, 0.1))
  const bits = segments.reduce((sum, { size }) => sum + size * 8, 0)
  const duration = durations.reduce((sum, seconds) => sum + seconds, 0)
  const video = tracks.find(({ kind }) => kind === 'video')
  const codecs = tracks.map(({ codec }) => codec)
  const attributes = [
    `BANDWIDTH=${Math.ceil(Math.max(...rates))}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(bits / Math.max(duration, 0.1))}`,
    ...(codecs.includes(undefined) ? [] : [`CODECS="${codecs.join(',')}"`]),
    ...(video ? [`RESOLUTION=${video.width}x${video.height}`] : []),
  ]
  return lines([
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-STREAM-INF:${attributes.join(',')}`,
    STREAM,
  ])
}

const lines = (all: string[]) => `${all.join('\n')}\n`
