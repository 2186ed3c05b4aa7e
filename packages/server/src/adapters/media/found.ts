import type { AudioStream, TechnicalMetadata, VideoStream } from '@partway/protocol'

/** Every field of T, or that it is not known. */
export type Unsure<T> = { [K in keyof T]?: T[K] | undefined }

/** Only what is known: no `undefined`, no NaN, no empty text or list. */
export function known<T extends object>(fields: Unsure<T>): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isKnown(value))) as T
}

function isKnown(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0
  return value !== undefined && value !== null
}

/** A number of which 0 means "unknown", as most tools have it; texts are parsed. */
export function positive(value: unknown): number | undefined {
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : undefined
}

export function round(value: number | undefined, decimals: number): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined
  return Number(value.toFixed(decimals))
}

/** What a reader of video and audio found, before it is put in the contract's words. */
export interface Found {
  container: string | undefined
  creationTime: string | undefined
  /** Seconds. */
  duration: number | undefined
  video: VideoStream[]
  audio: AudioStream[]
  /** `tmcd` for a QuickTime timecode track, `container` or `video` for a tag there. */
  timecode: { text: string; source: 'tmcd' | 'container' | 'video' } | undefined
  location: Location | undefined
  hasAlpha: boolean
}

export interface Location {
  latitude: number
  longitude: number
  altitude: number | undefined
}

/** More are counted, but not described: nobody reads them, and somebody has to store them. */
const MAX_DESCRIBED = 64

const HDR_TRANSFERS = ['smpte2084', 'arib-std-b67']

/** The fields of the contract for video and audio. */
export function describeStreams(found: Found): TechnicalMetadata {
  const { video, audio, timecode } = found
  const [picture] = video
  const [sound] = audio
  return known<TechnicalMetadata>({
    file_container_format: found.container,
    container_creation_time: found.creationTime,
    video_streams: video.slice(0, MAX_DESCRIBED),
    video_codec: picture?.codec,
    video_width: picture?.width,
    video_height: picture?.height,
    video_fps: picture?.fps,
    video_duration_seconds: picture?.duration_seconds,
    video_bitrate_bps: picture?.bitrate_bps,
    audio_streams: audio.slice(0, MAX_DESCRIBED),
    audio_codec: sound?.codec,
    audio_sample_rate: sound?.sample_rate,
    audio_channels: sound?.channels,
    audio_duration_seconds: sound?.duration_seconds,
    start_timecode: timecode?.text,
    timecode_source: timecode?.source,
    drop_frame: timecode?.text.includes(';'),
    is_hdr: picture && HDR_TRANSFERS.includes(picture.color_transfer ?? ''),
    has_audio: audio.length > 0,
    has_alpha: picture && found.hasAlpha,
    total_video_streams: video.length,
    total_audio_streams: audio.length,
    storage_aspect_ratio: aspect(picture?.width, picture?.height),
    ...describeLocation(found.location),
  })
}

export function describeLocation(location: Location | undefined): TechnicalMetadata {
  return known<TechnicalMetadata>({
    geospatial_latitude: round(location?.latitude, 6),
    geospatial_longitude: round(location?.longitude, 6),
    geospatial_altitude_meters: round(location?.altitude, 3),
  })
}

/** Width divided by height. */
export function aspect(width: number | undefined, height: number | undefined): number | undefined {
  return width && height ? round(width / height, 4) : undefined
}
