import type { VideoStream } from '@partway/protocol'
import type { InputVideoTrack } from 'mediabunny'
import { known, positive, round } from '../found.ts'
import { videoCodec } from './codecs.ts'
import { type Coding, codingOf } from './coding.ts'
import type { MovieTrack } from './movie.ts'

/** Packets whose times are looked at for the frame rate; in Matroska that means reading them. */
const SAMPLED_PACKETS = 120

/**
 * @param duration seconds of the whole file, for containers that keep no other
 * @param told what else MP4 and QuickTime say of the track
 */
export async function readPicture(
  track: InputVideoTrack,
  index: number,
  duration: number | undefined,
  told: MovieTrack | undefined,
): Promise<VideoStream> {
  const colours = await track.getColorSpace()
  const rates = await track.computeFrameRateMetrics({ targetPacketCount: SAMPLED_PACKETS })
  const average = await track.getAverageBitrate()
  const tables = /^mp4|^mov|quicktime/i.test((await track.input.getFormat()).mimeType.slice(6))
  const stats = tables ? await track.computePacketStats() : undefined
  const own = await track.getDurationFromMetadata()
  const width = positive(await track.getCodedWidth())
  const height = positive(await track.getCodedHeight())
  const ratio = await track.getPixelAspectRatio()
  // mediabunny's is rounded to whole pixels of the picture.
  const [num, den] = told?.pixelAspect ?? [ratio.num, ratio.den]
  const coding: Coding = await codingOf(track).catch(() => ({}))
  return known<VideoStream>({
    index,
    codec: videoCodec(await track.getCodec(), await track.getInternalCodecId()),
    width,
    height,
    fps: round(positive(rates.bestGuessFrameRate), 3),
    avg_fps: round(positive(stats?.averagePacketRate ?? rates.averageFrameRate), 3),
    duration_seconds: round(own ?? duration, 3),
    bitrate_bps: round(positive(average ?? stats?.averageBitrate), 0),
    rotation: await track.getRotation(),
    pixel_aspect_ratio: reduced(num, den),
    display_aspect_ratio: width && height ? reduced(width * num, height * den) : undefined,
    scan_type: told?.scanType,
    pixel_format: coding.pixelFormat,
    bit_depth: coding.bitDepth,
    color_range:
      colours.primaries || colours.transfer || colours.matrix || colours.fullRange
        ? colours.fullRange
          ? 'pc'
          : 'tv'
        : undefined,
    color_transfer: named(colours.transfer, TRANSFERS),
    color_space: named(colours.matrix, MATRICES),
    color_primaries: named(colours.primaries, {}),
  })
}

// WebCodecs and ffprobe agree on most names.
const TRANSFERS = { pq: 'smpte2084', hlg: 'arib-std-b67' }
const MATRICES = { 'bt2020-ncl': 'bt2020nc', rgb: 'gbr' }

function named(
  name: string | null | undefined,
  others: Record<string, string>,
): string | undefined {
  return name ? (others[name] ?? name) : undefined
}

function reduced(width: number, height: number): string | undefined {
  if (!(width > 0 && height > 0)) return undefined
  let [divisor, rest] = [width, height]
  while (rest > 0) [divisor, rest] = [rest, divisor % rest]
  return `${width / divisor}:${height / divisor}`
}
