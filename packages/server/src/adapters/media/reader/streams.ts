import type { AudioStream } from '@partway/protocol'
import {
  ADTS,
  CustomSource,
  FLAC,
  Input,
  type InputAudioTrack,
  InputDisposedError,
  type InputFormat,
  type InputTrack,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  UnsupportedInputFormatError,
  WAVE,
  WEBM,
} from 'mediabunny'
import { MediaError } from '../../../core/media-port.ts'
import { type ByteSource, UnreachableSourceError } from '../byte-source.ts'
import { type Found, known, positive, round } from '../found.ts'
import { PROBLEMS } from '../problems.ts'
import { audioCodec, LONG_NAMES } from './codecs.ts'
import { type Movie, readMovie } from './movie.ts'
import { readPicture } from './picture.ts'

/** No playlists: they lead elsewhere. The names are those that ffprobe has for them. */
const FORMATS: [InputFormat, string][] = [
  [MP4, 'mov,mp4,m4a,3gp,3g2,mj2'],
  [QTFF, 'mov,mp4,m4a,3gp,3g2,mj2'],
  [WEBM, 'matroska,webm'],
  [MATROSKA, 'matroska,webm'],
  [MP3, 'mp3'],
  [WAVE, 'wav'],
  [FLAC, 'flac'],
  [ADTS, 'aac'],
  [OGG, 'ogg'],
  [MPEG_TS, 'mpegts'],
]

/** Types of the above: if none of them fits, then the file is damaged. */
const FAMILIAR =
  /^video\/(mp4|quicktime|webm|matroska|mp2t)$|^audio\/(mpeg|wav|flac|aac|ogg|x-m4a)$/

/** Reads video and audio with mediabunny: only headers, tables and a few packets. */
export async function readStreams(source: ByteSource, mimeType: string): Promise<Found> {
  let sourceError: unknown
  const input = new Input({
    formats: FORMATS.map(([format]) => format),
    source: new CustomSource({
      getSize: () => source.size,
      read: (start, end) =>
        source.read(start, end).catch((error: unknown) => {
          sourceError = error
          throw error
        }),
      maxCacheSize: 4 * 1024 * 1024,
      // Without it some formats are read by a dozen bytes at a time.
      prefetchProfile: 'fileSystem',
      // Said once, by the read that failed.
      handleUnhandledError: () => undefined,
    }),
  })
  try {
    return await readInput(input, source)
  } catch (error) {
    if (sourceError instanceof UnreachableSourceError) throw sourceError
    if (error instanceof InputDisposedError) throw error
    const foreign = error instanceof UnsupportedInputFormatError && !FAMILIAR.test(mimeType)
    const problem = foreign ? PROBLEMS.unsupported(mimeType) : PROBLEMS.damaged
    throw new MediaError(problem, { cause: error })
  }
}

async function readInput(input: Input, source: ByteSource): Promise<Found> {
  const format = await input.getFormat()
  const movie = format === MP4 || format === QTFF ? await readMovie(source) : undefined
  const videoTracks = await input.getVideoTracks()
  const audioTracks = await input.getAudioTracks()
  const tracks = await input.getTracks()
  const indexOf = (track: InputTrack) => {
    const index = movie?.tracks.findIndex(({ id }) => id === track.id) ?? -1
    return index >= 0 ? index : tracks.indexOf(track)
  }
  const duration = await durationOf(input, tracks, source.size)
  const [first] = videoTracks
  return {
    container: FORMATS.find(([candidate]) => candidate === format)?.[1],
    creationTime: movie?.creationTime,
    duration: round(duration, 3),
    video: await Promise.all(
      videoTracks.map((track) =>
        readPicture(track, indexOf(track), duration, movie?.tracks[indexOf(track)]),
      ),
    ),
    audio: await Promise.all(
      audioTracks.map((track) => readSound(track, indexOf(track), duration, movie)),
    ),
    timecode: movie?.timecode ? { text: movie.timecode, source: 'tmcd' } : undefined,
    location: movie?.location,
    hasAlpha: (await first?.canBeTransparent()) ?? false,
  }
}

async function readSound(
  track: InputAudioTrack,
  index: number,
  duration: number | undefined,
  movie: Movie | undefined,
): Promise<AudioStream> {
  const codec = audioCodec(await track.getCodec(), await track.getInternalCodecId())
  const language = await track.getLanguageCode()
  const average = await track.getAverageBitrate()
  // Only tables of MP4 tell it without reading all sounds.
  const rate = average ?? (movie && (await track.computePacketStats()).averageBitrate)
  const own = await track.getDurationFromMetadata()
  const pcm = /^pcm_[suf](\d+)/.exec(codec ?? '')?.[1]
  const sampleRate = positive(await track.getSampleRate())
  const channels = positive(await track.getNumberOfChannels())
  return known<AudioStream>({
    index,
    codec,
    codec_long: codec && LONG_NAMES[codec],
    sample_rate: sampleRate,
    bit_depth: positive(pcm),
    channels,
    channel_layout: layoutOf(codec, channels),
    bitrate_bps: round(
      pcm && sampleRate && channels ? Number(pcm) * sampleRate * channels : positive(rate),
      0,
    ),
    language: language === 'und' ? undefined : language,
    duration_seconds: round(own ?? duration, 3),
  })
}

/** What a number of channels means where codecs agree on it. */
const LAYOUTS: Record<number, string> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' }

function layoutOf(codec: string | undefined, channels = 0): string | undefined {
  const usual = ['aac', 'opus', 'vorbis', 'flac'].includes(codec ?? '')
  return channels <= 2 || usual ? LAYOUTS[channels] : undefined
}

/** Larger files are not read through only to count what is in them. */
const MAX_COUNTED = 32 * 1024 * 1024
const SAMPLED_PACKETS = 500

/** Seconds; where the headers do not say, counted in small files and estimated in large ones. */
async function durationOf(
  input: Input,
  tracks: InputTrack[],
  size: number,
): Promise<number | undefined> {
  const told = await input.getDurationFromMetadata()
  if (told || tracks.length === 0) return positive(told)
  const format = await input.getFormat()
  // The end of these is found without reading what comes before.
  const jumps = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS, OGG].includes(format)
  if (jumps || size <= MAX_COUNTED) {
    const end = await input.computeDuration()
    const start = format === MPEG_TS ? await input.getFirstTimestamp() : 0
    return positive(end - start)
  }
  const { averageBitrate } = await tracks[0]!.computePacketStats(SAMPLED_PACKETS)
  return positive((size * 8) / averageBitrate)
}
