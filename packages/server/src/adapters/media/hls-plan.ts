import type { AudioStream, TechnicalMetadata, VideoStream } from '@partway/protocol'
import { toneMap } from './ffmpeg.ts'

/** Seconds; a segment ends at the first key frame after them. */
export const SEGMENT_SECONDS = 6

const MAX_SIDE = 1920
const MAX_FPS = 60

/** x264 holds frames per thread: with more, 4K would not fit into the memory that it may use. */
const ENCODER_THREADS = 4

/** What becomes of one stream: nothing, the same packets, or new ones. */
export type Treatment = 'none' | 'copy' | 'encode'

export interface Plan {
  video: Treatment
  audio: Treatment
  /** Whether HDR is brought into common colours, if ffmpeg can. */
  tone: boolean
}

/** What is asked of ffmpeg, the cheapest first. The next is for when one makes nothing at all. */
export function plansFor(found: TechnicalMetadata): Plan[] {
  const [video] = found.video_streams ?? []
  const [audio] = found.audio_streams ?? []
  const fit = video && isFit(video, found.file_container_format)
  const first: Plan = {
    video: video ? (fit ? 'copy' : 'encode') : 'none',
    audio: audio ? (isFitSound(audio) ? 'copy' : 'encode') : 'none',
    tone: !fit && toneMap(video?.color_transfer) !== undefined,
  }
  const last: Plan = {
    video: video ? 'encode' : 'none',
    audio: audio ? 'encode' : 'none',
    tone: false,
  }
  const bold = first.video === 'copy' || first.audio === 'copy' || first.tone
  return bold ? [first, last] : [last]
}

/** Containers that say when each frame is shown. AVI, for one, only counts them. */
const TIMED = /(^|,)(mov|mp4|matroska|webm|mpegts|flv)(,|$)/

/**
 * What every browser plays: 8-bit 4:2:0 in whole frames, for decoders in hardware refuse fields;
 * and upright, for ffmpeg does not tell HLS how to turn the picture, nor would all players do it.
 */
function isFit(video: VideoStream, container = ''): boolean {
  const { codec, pixel_format = '', scan_type, rotation = 0 } = video
  const playable = codec === 'h264' && /^yuvj?420p$/.test(pixel_format)
  return playable && scan_type !== 'interlaced' && rotation === 0 && TIMED.test(container)
}

/** Above these, decoders of some systems give up. */
function isFitSound({ codec, channels = 0, sample_rate = 0 }: AudioStream): boolean {
  return codec === 'aac' && channels <= 6 && sample_rate > 0 && sample_rate <= 48_000
}

/** Which streams are taken, and what is done to them. */
export function streamArgs(plan: Plan, found: TechnicalMetadata, tone: boolean): string[] {
  const [video] = found.video_streams ?? []
  return [
    // Of the video streams that are no cover pictures the first; no subtitles, no data.
    ...(plan.video === 'none' ? [] : ['-map', '0:V:0']),
    ...(plan.audio === 'none' ? [] : ['-map', '0:a:0']),
    ...['-sn', '-dn', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...(plan.video === 'copy' ? ['-c:v', 'copy'] : []),
    ...(plan.video === 'encode' ? videoArgs(video ?? {}, tone) : []),
    // Takes off the headers that AAC has in transport streams.
    ...(plan.audio === 'copy' ? ['-c:a', 'copy', '-bsf:a', 'aac_adtstoasc'] : []),
    ...(plan.audio === 'encode' ? AUDIO_ARGS : []),
    ...['-max_muxing_queue_size', '1024'],
  ]
}

/** Gaps become silence: a player that has no sound for a while stops. */
const AUDIO_ARGS = [
  ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000'],
  ...['-af', 'aresample=async=1000:first_pts=0'],
]

function videoArgs(video: VideoStream, tone: boolean): string[] {
  const colours = tone ? toneMap(video.color_transfer) : undefined
  // Rounding to even sizes would leave square pixels slightly off.
  const square = (video.pixel_aspect_ratio ?? '1:1') === '1:1'
  const filters = [
    ...(video.scan_type === 'interlaced' ? ['yadif=deint=interlaced'] : []),
    // Variable rates become constant, and none is so high that it could not be encoded in time.
    `fps=${Math.min(Math.max(video.fps ?? 30, 1), MAX_FPS)}`,
    `scale=w='max(2,min(${MAX_SIDE},iw))':h='max(2,min(${MAX_SIDE},ih))'` +
      ':force_original_aspect_ratio=decrease:force_divisible_by=2',
    ...(square ? ['setsar=1'] : []),
    ...(colours ? [colours] : []),
    'format=yuv420p',
  ]
  return [
    ...['-vf', filters.join(','), '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '21'],
    ...['-threads', String(ENCODER_THREADS)],
    ...['-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`],
  ]
}
