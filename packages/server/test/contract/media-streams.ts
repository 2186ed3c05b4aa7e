import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { AudioStream, VideoStream } from '@partway/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeLargeMp4 } from '../support/media-large.ts'
import { FILMS, makeRotated, SOUNDS } from '../support/media-samples.ts'
import { askFfprobe, type Engine, type InspectWorld } from './media-world.ts'

/** What the embedded reader leaves out, and of which samples. The same list is in docs/media.md. */
const LEFT_OUT: Record<string, RegExp> = {
  scan_type: /^(?!hdr10\.mp4$)/,
  color_range: /^(film|alpha)\.(webm|mkv)$/,
  pixel_format: /^(film\.ts|mpeg4\.mp4)$/,
  video_bit_depth: /^(film\.ts|mpeg4\.mp4)$/,
  audio_bit_depth: /\.flac$/,
  audio_bitrate_bps: /\.(mp3|aac|ts|ogg)$/,
  language: /\.ts$/,
}

/** Of these ffprobe reads more than the embedded reader can. */
const FFPROBE_ONLY = ['film.avi']
/** And this nobody can read. */
const PROTECTED = 'protected.mp4'

const GIB = 1024 ** 3

export function streamsSuite(engine: Engine, world: InspectWorld): void {
  const paths: Record<string, string> = {}

  beforeAll(async () => {
    for (const name of [...Object.keys(FILMS), ...Object.keys(SOUNDS)]) {
      paths[name] = await world.sample(name)
    }
    for (const degrees of [90, 180]) {
      const path = await makeRotated(world.folder, degrees)
      paths[basename(path)] = path
    }
  }, 60_000)

  const samples = [...Object.keys(FILMS), ...Object.keys(SOUNDS), 'rotated-90.mov']
    .filter((name) => name !== PROTECTED)
    .filter((name) => engine === 'ffprobe' || !FFPROBE_ONLY.includes(name))

  it.each(samples)('says of %s what ffprobe says', async (name) => {
    const path = paths[name]!
    const { mimeType, duration, technicalMetadata, problem } = await world.inspect(path)

    expect(problem).toBeUndefined()
    const { format, streams } = askFfprobe(path)
    expect(technicalMetadata.file_size_bytes).toBe((await stat(path)).size)
    expect(technicalMetadata.file_mime_type).toBe(mimeType)
    expect(technicalMetadata.file_container_format).toBe(format.format_name)
    near(duration, Number(format.duration), 0.01)

    const pictures = streams.filter((s) => s.codec_type === 'video' && !s.disposition.attached_pic)
    const sounds = streams.filter((s) => s.codec_type === 'audio')
    const { video_streams = [], audio_streams = [] } = technicalMetadata
    expect(video_streams).toHaveLength(pictures.length)
    expect(audio_streams).toHaveLength(sounds.length)
    expect(technicalMetadata.total_video_streams).toBe(pictures.length)
    expect(technicalMetadata.has_audio).toBe(sounds.length > 0)
    for (const [at, found] of video_streams.entries()) compareVideo(name, found, pictures[at])
    for (const [at, found] of audio_streams.entries()) compareAudio(name, found, sounds[at])
    expect(technicalMetadata).toMatchObject({
      ...(pictures.length > 0 && {
        video_codec: pictures[0].codec_name,
        video_width: pictures[0].width,
        video_height: pictures[0].height,
        video_fps: video_streams[0]!.fps,
        video_duration_seconds: video_streams[0]!.duration_seconds,
      }),
      ...(sounds.length > 0 && {
        audio_codec: sounds[0].codec_name,
        audio_sample_rate: Number(sounds[0].sample_rate),
        audio_channels: sounds[0].channels,
        audio_duration_seconds: audio_streams[0]!.duration_seconds,
      }),
    })
  })

  // biome-ignore lint/suspicious/noExplicitAny: what another program prints
  function compareVideo(name: string, found: VideoStream, told: any): void {
    const says = (field: string, actual: unknown, expected: unknown) =>
      compare(name, field, actual, expected)
    expect(found.index).toBe(told.index)
    expect(found.codec).toBe(told.codec_name)
    expect([found.width, found.height]).toEqual([told.width, told.height])
    near(found.fps, ratio(told.r_frame_rate), 0.01)
    near(found.avg_fps, ratio(told.avg_frame_rate), 0.05)
    if (told.duration) near(found.duration_seconds, Number(told.duration), 0.06)
    if (told.bit_rate) near(found.bitrate_bps, Number(told.bit_rate), told.bit_rate / 100)
    expect(found.pixel_aspect_ratio).toBe(told.sample_aspect_ratio)
    expect(found.display_aspect_ratio).toBe(told.display_aspect_ratio)
    const interlaced = ['tt', 'bb', 'tb', 'bt'].includes(told.field_order) && 'interlaced'
    says('scan_type', found.scan_type, interlaced || told.field_order)
    says('pixel_format', found.pixel_format, told.pix_fmt)
    says('video_bit_depth', found.bit_depth, told.pix_fmt.includes('10') ? 10 : 8)
    for (const field of ['range', 'transfer', 'space', 'primaries'] as const) {
      says(`color_${field}`, found[`color_${field}`], told[`color_${field}`])
    }
    const clockwise = -(told.side_data_list?.[0]?.rotation ?? 0)
    expect(found.rotation).toBe((clockwise + 360) % 360)
  }

  // biome-ignore lint/suspicious/noExplicitAny: what another program prints
  function compareAudio(name: string, found: AudioStream, told: any): void {
    const says = (field: string, actual: unknown, expected: unknown) =>
      compare(name, field, actual, expected)
    expect(found.index).toBe(told.index)
    expect(found.codec).toBe(told.codec_name)
    expect(found.codec_long).toBe(told.codec_long_name)
    expect(found.sample_rate).toBe(Number(told.sample_rate))
    expect(found.channels).toBe(told.channels)
    says('channel_layout', found.channel_layout, told.channel_layout)
    const depth = Number(told.bits_per_raw_sample ?? 0) || told.bits_per_sample || undefined
    says('audio_bit_depth', found.bit_depth, depth)
    const language = told.tags?.language === 'und' ? undefined : told.tags?.language
    says('language', found.language, language)
    if (told.duration) near(found.duration_seconds, Number(told.duration), 0.06)
    if (told.bit_rate && found.bitrate_bps !== undefined) {
      near(found.bitrate_bps, Number(told.bit_rate), told.bit_rate / 20)
    } else {
      says('audio_bitrate_bps', found.bitrate_bps, told.bit_rate && Number(told.bit_rate))
    }
  }

  function compare(name: string, field: string, actual: unknown, expected: unknown): void {
    const leftOut = engine === 'embedded' && LEFT_OUT[field]?.test(name)
    expect(actual, field).toBe(leftOut ? undefined : expected)
  }

  describe('of a film', () => {
    it('tells by how much it is turned', async () => {
      const turned = async (name: string) =>
        (await world.inspect(paths[name]!)).technicalMetadata.video_streams![0]!.rotation
      // ffmpeg 5 takes `rotate` for counter-clockwise when it copies.
      expect(await turned('rotated-90.mov')).toBe(270)
      expect(await turned('rotated-180.mov')).toBe(180)
    })

    it('tells the timecode it starts with, and where it stands', async () => {
      expect((await world.inspect(paths['timecode.mov']!)).technicalMetadata).toMatchObject({
        ...{ start_timecode: '01:00:00:00', timecode_source: 'tmcd', drop_frame: false },
      })
      expect((await world.inspect(paths['drop-frame.mov']!)).technicalMetadata).toMatchObject({
        ...{ start_timecode: '00:59:59;02', timecode_source: 'tmcd', drop_frame: true },
      })
    })

    it('tells when and where it was made', async () => {
      const { technicalMetadata } = await world.inspect(paths['tagged.mp4']!)
      expect(technicalMetadata.container_creation_time).toBe('2024-03-01T12:30:00Z')
      expect(technicalMetadata.geospatial_latitude).toBeCloseTo(48.8584, 3)
      expect(technicalMetadata.geospatial_longitude).toBeCloseTo(2.2945, 3)
      expect(technicalMetadata.geospatial_altitude_meters).toBe(35)
      const untagged = (await world.inspect(paths['moov-last.mp4']!)).technicalMetadata
      expect(untagged).not.toHaveProperty('container_creation_time')
      expect(untagged).not.toHaveProperty('geospatial_latitude')
    })

    it('tells high dynamic range and transparency', async () => {
      const found = async (name: string) => (await world.inspect(paths[name]!)).technicalMetadata
      expect(await found('hdr10.mp4')).toMatchObject({ is_hdr: true, has_alpha: false })
      expect(await found('hdr.webm')).toMatchObject({ is_hdr: true, has_alpha: false })
      expect(await found('colours.mp4')).toMatchObject({ is_hdr: false, has_alpha: false })
      expect(await found('alpha.webm')).toMatchObject({ is_hdr: false, has_alpha: true })
    })

    it('reads less than one percent of 4 GiB with the index at the end', async () => {
      for (const name of ['moov-last.mp4', 'timecode.mov']) {
        const large = join(world.folder, `large-${name}`)
        await makeLargeMp4(paths[name]!, large, 4 * GIB)
        const before = world.server.served
        const { technicalMetadata, duration, problem } = await world.inspect(large)
        expect(world.server.served - before).toBeLessThan(0.01 * 4 * GIB)
        expect(problem).toBeUndefined()
        expect(duration).toBe(1)
        expect(technicalMetadata).toMatchObject({ video_codec: 'h264', audio_codec: 'aac' })
      }
    })

    it('refuses one that is encrypted, and says so', async () => {
      const { problem } = await world.inspect(paths[PROTECTED]!)
      expect(problem).toBe('The content is encrypted (DRM) and cannot be read.')
    })
  })

  it('does not take the cover of a song for a film', async () => {
    const { mimeType, technicalMetadata } = await world.inspect(paths['song.mp3']!)
    expect(mimeType).toBe('audio/mpeg')
    expect(technicalMetadata).toMatchObject({ has_audio: true, total_video_streams: 0 })
    expect(technicalMetadata).not.toHaveProperty('video_streams')
  })

  it('calls sound in a container of films what it is', async () => {
    expect((await world.inspect(paths['sound.webm']!)).mimeType).toBe('audio/webm')
    expect((await world.inspect(paths['film.webm']!)).mimeType).toBe('video/webm')
  })

  if (engine === 'embedded') {
    it.each(FFPROBE_ONLY)('says that %s takes ffprobe to read', async (name) => {
      const { problem } = await world.inspect(paths[name]!)
      expect(problem).toBe('The content is video/vnd.avi, which cannot be read here.')
    })
  }
}

function near(actual: number | undefined, expected: number, tolerance: number): void {
  expect(actual).toBeTypeOf('number')
  expect(Math.abs(actual! - expected)).toBeLessThanOrEqual(tolerance)
}

function ratio(text: string): number {
  const [above, below] = text.split('/').map(Number)
  return above! / below!
}
