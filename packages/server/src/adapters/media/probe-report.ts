/** What ffprobe prints, as far as we look at it. Every field may be missing. */
export interface Probe {
  format?: { format_name?: string; duration?: string; tags?: Tags }
  streams?: ProbeStream[]
}

export type Tags = Record<string, string>

export interface ProbeStream {
  index: number
  codec_type?: string
  codec_name?: string
  codec_long_name?: string
  codec_tag_string?: string
  width?: number
  height?: number
  sample_aspect_ratio?: string
  display_aspect_ratio?: string
  pix_fmt?: string
  field_order?: string
  color_range?: string
  color_space?: string
  color_transfer?: string
  color_primaries?: string
  r_frame_rate?: string
  avg_frame_rate?: string
  duration?: string
  bit_rate?: string
  bits_per_sample?: number
  bits_per_raw_sample?: string
  sample_rate?: string
  channels?: number
  channel_layout?: string
  disposition?: Record<string, number>
  tags?: Tags
  side_data_list?: { side_data_type?: string; rotation?: number }[]
}

/** Matroska writes the names of tags in capitals. */
export function tag(tags: Tags | undefined, name: string): string | undefined {
  return tags?.[name] ?? tags?.[name.toUpperCase()]
}
