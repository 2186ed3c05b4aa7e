import type { TechnicalMetadata } from '@partway/protocol'
import { type EmitFile, type Media, MediaError, type MediaSource } from '../../core/media-port.ts'
import { canToneMap, explain, inputArgs, requireWholeSource } from './ffmpeg.ts'
import { INIT, type Intake, openIntake, SEGMENT_PATTERN } from './hls-intake.ts'
import { type Plan, plansFor, SEGMENT_SECONDS, streamArgs } from './hls-plan.ts'
import { durationsOf, MASTER, masterPlaylist, mediaPlaylist, STREAM } from './hls-playlist.ts'
import { runTool, type ToolLimits, type ToolResult } from './tool.ts'

const MAKING = 'Making the HLS stream'

export interface HlsOptions {
  /** Absolute path; without it there are no streams. */
  ffmpeg: string | undefined
  /** For one run of ffmpeg, which reads the whole file and may encode it. */
  limits: ToolLimits
}

/**
 * Makes an HLS stream of one quality, in fragmented MP4: the packets of the file as they are when
 * browsers play them, H.264 and AAC otherwise.
 */
export function createHls({ ffmpeg, limits }: HlsOptions): Media['hls'] {
  return async (source, found, emit, signal) => {
    signal.throwIfAborted()
    if (!found.video_streams?.length && !found.audio_streams?.length) {
      throw new MediaError('There is neither video nor audio in the file to make an HLS stream of.')
    }
    if (ffmpeg === undefined) {
      throw new MediaError('Install ffmpeg on the server to make HLS streams.')
    }
    const run: Run = { ffmpeg, limits, source, found, emit, signal }
    const [first, second] = plansFor(found)
    const result = await attempt(run, first!)
    if (result === undefined) return
    // A file can be fit by its codecs and yet not be taken apart into segments as it is.
    const again = result.end === 'exit' && !signal.aborted && second
    const last = again ? await attempt(run, second) : result
    if (last) throw await explain(last, MAKING, source, limits, signal)
  }
}

interface Run {
  ffmpeg: string
  limits: ToolLimits
  source: MediaSource
  found: TechnicalMetadata
  emit: EmitFile
  signal: AbortSignal
}

/** @returns `undefined` when the stream was made, or the result of an ffmpeg that failed */
async function attempt(run: Run, plan: Plan): Promise<ToolResult | undefined> {
  const { source, limits, emit, signal } = run
  const intake = await openIntake(emit)
  try {
    const result = await runFfmpeg(run, plan, intake)
    if (!signal.aborted) intake.failed.throwIfAborted()
    if (!result.ok) {
      // What was emitted cannot be taken back by another attempt.
      if (intake.begun()) throw await explain(result, MAKING, source, limits, signal)
      return result
    }
    requireWholeSource(result)
    const { tracks, segments } = await intake.finish()
    signal.throwIfAborted()
    const durations = durationsOf(tracks, segments)
    await emit(STREAM, text(mediaPlaylist(segments, durations)))
    await emit(MASTER, text(masterPlaylist(tracks, segments, durations)))
    return undefined
  } finally {
    await intake.close()
  }
}

async function runFfmpeg(run: Run, plan: Plan, intake: Intake): Promise<ToolResult> {
  const { ffmpeg, limits, source, found, signal } = run
  const tone = plan.tone && (await canToneMap(ffmpeg, limits, signal))
  const args = [
    ...inputArgs(source),
    ...streamArgs(plan, found, tone),
    ...['-f', 'hls', '-method', 'PUT', '-hls_segment_type', 'fmp4'],
    // Writes when a stream begins into its first segment; as an edit list, browsers ignore it, and
    // sound that sets in late would be early.
    ...['-hls_segment_options', 'movflags=+frag_discont'],
    ...['-hls_time', String(SEGMENT_SECONDS), '-hls_playlist_type', 'vod'],
    ...['-hls_fmp4_init_filename', INIT],
    ...['-hls_segment_filename', intake.baseUrl + SEGMENT_PATTERN, intake.baseUrl + STREAM],
  ]
  return await runTool(ffmpeg, args, limits, AbortSignal.any([signal, intake.failed]))
}

async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}
