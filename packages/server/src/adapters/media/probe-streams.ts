import type { AudioStream, VideoStream } from '@partway/protocol'
import { known, positive, round } from './found.ts'
import { ratio } from './notations.ts'
import { type ProbeStream, type Tags, tag } from './probe-report.ts'

/** @param fallback seconds of the whole file, for containers that keep no other */
export function readVideo(stream: ProbeStream, fallback: number | undefined): VideoStream {
  const { width, height, side_data_list = [] } = stream
  const nominal = ratio(stream.r_frame_rate)
  const average = ratio(stream.avg_frame_rate)
  const turned = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0
  return known<VideoStream>({
    index: stream.index,
    codec: codecOf(stream),
    width: positive(width),
    height: positive(height),
    // Without a regular rate ffprobe names the clock's, such as 90000.
    fps: round(nominal && nominal <= 1000 ? nominal : average, 3),
    avg_fps: round(average, 3),
    duration_seconds: durationOf(stream) ?? fallback,
    bitrate_bps: bitrateOf(stream),
    // ffprobe counts counter-clockwise, and from -180.
    rotation: (((Math.round(-turned / 90) * 90) % 360) + 360) % 360,
    pixel_aspect_ratio: meant(stream.sample_aspect_ratio),
    display_aspect_ratio: meant(stream.display_aspect_ratio),
    scan_type: scanType(stream.field_order),
    pixel_format: meant(stream.pix_fmt),
    bit_depth: positive(stream.bits_per_raw_sample) ?? depthOf(stream.pix_fmt),
    color_range: meant(stream.color_range),
    color_transfer: meant(stream.color_transfer),
    color_space: meant(stream.color_space),
    color_primaries: meant(stream.color_primaries),
  })
}

/** @param fallback seconds of the whole file, for containers that keep no other */
export function readAudio(stream: ProbeStream, fallback: number | undefined): AudioStream {
  const language = tag(stream.tags, 'language')
  return known<AudioStream>({
    index: stream.index,
    codec: codecOf(stream),
    codec_long: codecOf(stream) && stream.codec_long_name,
    sample_rate: positive(stream.sample_rate),
    bit_depth: positive(stream.bits_per_raw_sample) ?? positive(stream.bits_per_sample),
    channels: positive(stream.channels),
    channel_layout: meant(stream.channel_layout),
    bitrate_bps: bitrateOf(stream),
    language: language === 'und' ? undefined : language,
    duration_seconds: durationOf(stream) ?? fallback,
  })
}

function codecOf({ codec_name }: ProbeStream): string | undefined {
  return codec_name === 'none' ? undefined : meant(codec_name)
}

/** Drops the words for "not known". */
function meant(text: string | undefined): string | undefined {
  const none = /^(unknown|unspecified|reserved|N\/A|0:1|0\/1|.*:0)$/.test(text ?? '')
  return none ? undefined : text
}

/** Matroska has it in a tag, `00:00:01.024000000`. */
function durationOf({ duration, tags }: ProbeStream): number | undefined {
  const clock = tag(tags, 'DURATION')?.split(':').map(Number)
  const tagged = clock?.length === 3 ? clock[0]! * 3600 + clock[1]! * 60 + clock[2]! : undefined
  return round(positive(duration) ?? positive(tagged), 3)
}

function bitrateOf({ bit_rate, tags }: ProbeStream): number | undefined {
  return round(positive(bit_rate) ?? positive(taggedRate(tags)), 0)
}

/** What mkvmerge leaves, with or without a language. */
function taggedRate(tags: Tags | undefined): string | undefined {
  return tag(tags, 'BPS') ?? tag(tags, 'BPS-eng')
}

function scanType(order: string | undefined): string | undefined {
  if (order === 'progressive') return order
  return order && /^[tb][tb]$/.test(order) ? 'interlaced' : undefined
}

/** Bits per component, from names such as yuv420p10le, p010le and rgb48be. */
function depthOf(pixelFormat: string | undefined): number | undefined {
  if (!pixelFormat) return undefined
  const planar = /(?:p|gray|gbrp|^p0|^y2)(9|10|12|14|16)(le|be)$/.exec(pixelFormat)?.[1]
  if (planar) return Number(planar)
  if (/^(rgb48|bgr48|rgba64|bgra64|ayuv64|ya16)/.test(pixelFormat)) return 16
  if (/^x2(rgb|bgr)10/.test(pixelFormat)) return 10
  return /^(yuv|nv|gray$|rgb24|bgr24|rgba|bgra|argb|abgr|rgb0|bgr0|0rgb|0bgr|gbrp|gbrap|ya8|uyvy|yuyv)/.test(
    pixelFormat,
  )
    ? 8
    : undefined
}
