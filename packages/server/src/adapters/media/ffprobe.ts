import { MediaError } from '../../core/media-port.ts'
import { UnreachableSourceError } from './byte-source.ts'
import { blamesSource, INPUT_LIMITS } from './ffmpeg-input.ts'
import type { Found } from './found.ts'
import { readProbe } from './probe.ts'
import type { Probe } from './probe-report.ts'
import { PROBLEMS } from './problems.ts'
import { runTool, type ToolLimits, type ToolResult } from './tool.ts'

/**
 * Has ffprobe read the headers of a file.
 *
 * @throws MediaError when the content is the reason that it cannot be read
 */
export async function probe(
  ffprobe: string,
  url: string,
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<Found> {
  const args = ['-v', 'error', ...INPUT_LIMITS, '-show_format', '-show_streams', '-of', 'json']
  const result = await runTool(ffprobe, [...args, '-i', url], limits, signal)
  checkEnd(result, signal)
  if (!result.ok) throw new MediaError(PROBLEMS.damaged)
  try {
    return readProbe(JSON.parse(result.stdout.toString()) as Probe)
  } catch (cause) {
    throw new MediaError(PROBLEMS.damaged, { cause })
  }
}

/**
 * Has ffmpeg decode a picture of the first video stream and some sound of the first audio stream.
 * A damaged frame is passed over, as players do; only nothing at all is a failure.
 *
 * @throws MediaError when nothing could be decoded of a stream
 */
export async function tryDecoding(
  ffmpeg: string,
  url: string,
  found: Found,
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<void> {
  // Two outputs, because the first stream that has enough ends its output. Each prints a line for
  // every frame that was decoded, and they can be told apart by the length of the checksum.
  const outputs = [
    // V: no cover pictures.
    ...(found.video.length > 0 ? ['-map', '0:V:0', '-frames:v', '1', ...CHECKSUMS.video] : []),
    ...(found.audio.length > 0 ? ['-map', '0:a:0', '-frames:a', '4', ...CHECKSUMS.audio] : []),
  ]
  const args = ['-v', 'error', '-nostdin', '-threads', '1', ...INPUT_LIMITS, '-i', url, ...outputs]
  const result = await runTool(ffmpeg, args, limits, signal)
  checkEnd(result, signal)
  const lines = result.stdout.toString()
  const silent =
    (found.video.length > 0 && !/^\d+,.*, *0x[\da-f]{8}\b/m.test(lines)) ||
    (found.audio.length > 0 && !/^\d+,.*, *[\da-f]{32}\b/m.test(lines))
  if (silent) throw new MediaError(PROBLEMS.undecodable)
}

const CHECKSUMS = {
  video: ['-f', 'framecrc', 'pipe:1'],
  audio: ['-f', 'framemd5', 'pipe:1'],
}

/** Sorts out the ends of a tool that say nothing about what it found. */
export function checkEnd(result: ToolResult, signal: AbortSignal): void {
  signal.throwIfAborted()
  if (blamesSource(result.stderr))
    throw new UnreachableSourceError('the source did not answer a tool')
  if (result.end === 'timeout') throw new MediaError(PROBLEMS.slow)
  const starved = /Cannot allocate memory|heap out of memory|Array buffer allocation failed/
  if (!result.ok && starved.test(result.stderr)) throw new MediaError(PROBLEMS.costly)
}
