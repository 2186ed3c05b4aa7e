import type { TechnicalMetadata } from '@partway/protocol'
import { MediaError, type MediaSource } from '../../core/media-port.ts'
import { canToneMap, explain, inputArgs, toneMap } from './ffmpeg.ts'
import { runTool, type ToolLimits, type ToolResult } from './tool.ts'

export interface ThumbnailTool {
  ffmpeg: string
  limits: ToolLimits
  signal: AbortSignal
}

const MAKING = 'Making the thumbnail'
const MAX_SIDE = 1280

/** Frames among which the `thumbnail` filter chooses; each takes up to 5 MB while it does. */
const FRAMES = 30

/**
 * A JPEG with fewer bytes per pixel shows next to nothing. At the quality below, a black or
 * white frame has 0.005 to 0.008, a test card or a title on plain ground has 0.03 and more.
 */
const BLANK = 0.015

/** Square pixels, in a box of `MAX_SIDE`, not enlarged by it. */
const FIT = (() => {
  const factor = `min(1,${MAX_SIDE}/max(iw*sar,ih))`
  return `scale=w='max(1,round(iw*sar*${factor}))':h='max(1,round(ih*${factor}))',setsar=1`
})()

const JPEG = [
  ...['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '3', '-threads', '1'],
  // Bit-exact means without a note of who made it.
  ...['-map_metadata', '-1', '-flags', '+bitexact', '-f', 'image2pipe', 'pipe:1'],
]

/**
 * A frame that is not blank: the first that is found at a tenth of the duration and further on,
 * and the fullest of them when all look blank.
 */
export async function frameOf(
  source: MediaSource,
  found: TechnicalMetadata,
  tool: ThumbnailTool,
): Promise<Buffer> {
  const hdr = toneMap(found.video_streams?.[0]?.color_transfer)
  const colours = hdr && (await canToneMap(tool.ffmpeg, tool.limits, tool.signal)) ? hdr : undefined
  let best: Buffer | undefined
  let last: ToolResult | undefined
  for (const position of positions(found.video_duration_seconds)) {
    // The start is only for when nothing was found further on.
    if (position === 0 && best) break
    for (const filter of colours ? [`${FIT},${colours}`, FIT] : [FIT]) {
      last = await run(source, position, `${filter},thumbnail=${FRAMES}`, tool)
      if (last.end !== 'exit') throw await failure(last, source, tool)
      if (last.stdout.byteLength > 0) break
    }
    const picture = last!.stdout
    if (picture.byteLength > (best?.byteLength ?? 0)) best = picture
    if (detailOf(picture) > BLANK) break
  }
  if (best) return best
  throw await failure(last!, source, tool)
}

/** The picture that a sound file carries along, if it does. */
export async function coverOf(source: MediaSource, tool: ThumbnailTool): Promise<Buffer> {
  const result = await run(source, 0, FIT, tool)
  if (result.end === 'exit' && result.stdout.byteLength > 0) return result.stdout
  if (/matches no streams/.test(result.stderr)) {
    throw new MediaError('The audio file has no cover picture to make a thumbnail of.')
  }
  throw await failure(result, source, tool)
}

function run(
  source: MediaSource,
  position: number,
  filter: string,
  { ffmpeg, limits, signal }: ThumbnailTool,
): Promise<ToolResult> {
  // Of a film, `0:v:0` could be the cover; a sound has nothing else.
  const stream = filter.includes('thumbnail') ? '0:V:0' : '0:v:0'
  const output = ['-map', stream, '-vf', `${filter},format=yuvj420p`, ...JPEG]
  return runTool(ffmpeg, [...inputArgs(source, position), ...output], limits, signal)
}

const failure = (result: ToolResult, source: MediaSource, { limits, signal }: ThumbnailTool) =>
  explain(result, MAKING, source, limits, signal)

/** Seconds from the start where to look, in the order of looking. */
function positions(duration: number | undefined): number[] {
  if (duration === undefined) return [5, 60, 0]
  if (duration < 1) return [0]
  return [Math.min(duration * 0.1, 60), duration * 0.3, duration * 0.5, duration * 0.75, 0]
}

/** Bytes per pixel, without the headers of a baseline JPEG. */
function detailOf(jpeg: Buffer): number {
  let pixels = 1
  for (let at = 2; at + 9 < jpeg.byteLength; at += 2 + jpeg.readUInt16BE(at + 2)) {
    const marker = jpeg[at + 1]
    if (marker === 0xc0) pixels = jpeg.readUInt16BE(at + 5) * jpeg.readUInt16BE(at + 7)
    // The start of the scan.
    if (marker === 0xda) return (jpeg.byteLength - at) / pixels
  }
  return 0
}
