import { type Found, positive, round } from './found.ts'
import { iso6709, utcSeconds } from './notations.ts'
import { type Probe, type ProbeStream, type Tags, tag } from './probe-report.ts'
import { readAudio, readVideo } from './probe-streams.ts'

/** Puts ffprobe's report in our words. */
export function readProbe({ format = {}, streams = [] }: Probe): Found {
  const duration = round(positive(format.duration), 3)
  const video = streams.filter(
    ({ codec_type, disposition }) => codec_type === 'video' && !disposition?.attached_pic,
  )
  const audio = streams.filter(({ codec_type }) => codec_type === 'audio')
  const tags = format.tags ?? {}
  return {
    container: format.format_name,
    creationTime: utcSeconds(tag(tags, 'creation_time')) ?? utcSeconds(tag(tags, APPLE_DATE)),
    duration,
    video: video.map((stream) => readVideo(stream, duration)),
    audio: audio.map((stream) => readAudio(stream, duration)),
    timecode: findTimecode(tags, streams),
    location:
      findLocation(tags) ?? streams.map(({ tags = {} }) => findLocation(tags)).find(Boolean),
    hasAlpha: video.slice(0, 1).some(hasAlpha),
  }
}

const APPLE_DATE = 'com.apple.quicktime.creationdate'

function findLocation(tags: Tags) {
  return iso6709(
    tag(tags, 'com.apple.quicktime.location.ISO6709') ??
      tag(tags, 'location') ??
      tag(tags, 'location-eng'),
  )
}

function findTimecode(tags: Tags, streams: readonly ProbeStream[]): Found['timecode'] {
  const track = streams.find(({ codec_tag_string }) => codec_tag_string === 'tmcd')
  const candidates = [
    { text: tag(track?.tags, 'timecode'), source: 'tmcd' },
    { text: tag(tags, 'timecode'), source: 'container' },
    { text: streams.map(({ tags }) => tag(tags, 'timecode')).find(Boolean), source: 'video' },
  ] as const
  const found = candidates.find(({ text }) => /^\d\d:\d\d:\d\d[:;.]\d\d+$/.test(text ?? ''))
  return found && { text: found.text!, source: found.source }
}

/** VP8 and VP9 keep transparency beside the picture, and only a tag says so. */
function hasAlpha({ pix_fmt = '', tags }: ProbeStream): boolean {
  return (
    /^(yuva|rgba|bgra|argb|abgr|gbrap|ya\d|ayuv|vuya)/.test(pix_fmt) ||
    tag(tags, 'alpha_mode') === '1'
  )
}
