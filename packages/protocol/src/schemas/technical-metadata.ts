import { type Static, type TSchema, Type } from 'typebox'

// Contract section 3, "technical_metadata": what the file itself says. Every field is absent when
// it does not apply or the file does not contain it; never null, never an empty text.

const fields = <const T extends Record<string, TSchema>>(properties: T) =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)]),
  ) as { [K in keyof T]: ReturnType<typeof Type.Optional<T[K]>> }

const text = (description?: string) => Type.String(description ? { description } : {})
const int = (description?: string) => Type.Integer(description ? { description } : {})
const num = (description?: string) => Type.Number(description ? { description } : {})
const flag = (description?: string) => Type.Boolean(description ? { description } : {})
const time = (description?: string) =>
  Type.String({ format: 'date-time', ...(description ? { description } : {}) })

export const VideoStream = Type.Object(
  fields({
    index: int('From 0, among all streams of the file.'),
    codec: text('Short name, such as h264, hevc, vp9, av1.'),
    width: int('Pixels as stored, before rotation.'),
    height: int('Pixels as stored, before rotation.'),
    fps: num('Nominal frames per second.'),
    avg_fps: num('Frames divided by duration; differs from `fps` when the rate varies.'),
    duration_seconds: num(),
    bitrate_bps: int(),
    rotation: int('Degrees clockwise that a player turns the picture: 0, 90, 180, 270.'),
    pixel_aspect_ratio: text('Such as 1:1.'),
    display_aspect_ratio: text('Such as 16:9.'),
    scan_type: text('progressive or interlaced.'),
    pixel_format: text('Such as yuv420p.'),
    bit_depth: int('Bits per component.'),
    color_range: text(),
    color_transfer: text(),
    color_space: text(),
    color_primaries: text(),
  }),
  { $id: 'VideoStream' },
)
export type VideoStream = Static<typeof VideoStream>

export const AudioStream = Type.Object(
  fields({
    index: int('From 0, among all streams of the file.'),
    codec: text('Short name, such as aac, opus, mp3, flac.'),
    codec_long: text('The name for people.'),
    sample_rate: int('Hz.'),
    bit_depth: int('Bits per sample.'),
    channels: int(),
    channel_layout: text('Such as mono, stereo, 5.1.'),
    bitrate_bps: int(),
    language: text('As the file has it, usually ISO 639-2, such as eng.'),
    duration_seconds: num(),
  }),
  { $id: 'AudioStream' },
)
export type AudioStream = Static<typeof AudioStream>

export const TechnicalMetadata = Type.Object(
  fields({
    file_size_bytes: int(),
    file_mime_type: text('Found in the content.'),
    file_container_format: text('Names of the container, separated by commas.'),
    container_creation_time: time(),
    video_streams: Type.Array(Type.Unsafe<VideoStream>({ $ref: 'VideoStream#' })),
    video_codec: text('Of the first video stream, like the following.'),
    video_width: int(),
    video_height: int(),
    video_fps: num(),
    video_duration_seconds: num(),
    video_bitrate_bps: int(),
    audio_streams: Type.Array(Type.Unsafe<AudioStream>({ $ref: 'AudioStream#' })),
    audio_codec: text('Of the first audio stream, like the following.'),
    audio_sample_rate: int(),
    audio_channels: int(),
    audio_duration_seconds: num(),
    start_timecode: text('Such as 01:00:00:00, or 01:00:00;00 with dropped frames.'),
    timecode_source: text('Where it was found.'),
    drop_frame: flag(),
    image_width: int('Pixels as stored, before orientation.'),
    image_height: int('Pixels as stored, before orientation.'),
    image_format: text('Such as jpeg, png, gif, webp, heif.'),
    image_orientation: int('EXIF orientation, 1 to 8.'),
    image_color_space: text(),
    image_bit_depth: int('Bits per component.'),
    is_hdr: flag(),
    has_audio: flag(),
    has_alpha: flag(),
    is_animated: flag(),
    total_video_streams: int(),
    total_audio_streams: int(),
    storage_aspect_ratio: num('Width divided by height, as stored.'),
    geospatial_latitude: num('Degrees, north positive.'),
    geospatial_longitude: num('Degrees, east positive.'),
    geospatial_altitude_meters: num(),
    document_page_count: int(),
    document_pdf_version: text('Such as 1.7.'),
    document_page_width_pt: num('Of the first page.'),
    document_page_height_pt: num('Of the first page.'),
    document_is_tagged: flag(),
    document_is_encrypted: flag(),
    document_language: text(),
    document_title: text(),
    document_author: text(),
    document_subject: text(),
    document_keywords: text(),
    document_creator_tool: text(),
    document_producer: text(),
    document_creation_date: time(),
    document_modification_date: time(),
  }),
  { $id: 'TechnicalMetadata', description: 'What the file itself says.' },
)
export type TechnicalMetadata = Static<typeof TechnicalMetadata>
