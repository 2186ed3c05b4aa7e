import { mkdirSync, statSync } from 'node:fs'
import { expect, describe as group, test } from 'vitest'
import { createHls } from '../../src/adapters/media/hls.ts'
import { skipsMedia } from '../support/media.ts'
import {
  collect,
  describe,
  FFMPEG,
  ffmpegSays,
  LIMITS,
  make,
  probe,
  scratch,
  turnMovie,
} from '../support/renditions.ts'
import { serveFile } from '../support/renditions-server.ts'

const FILM = '-f lavfi -i testsrc=size=160x120:rate=24:duration=8'
const SOUND = '-f lavfi -i sine=duration=8'
const H264 = '-pix_fmt yuv420p -c:v libx264 -g 48 -bf 3'
const AAC = '-c:a aac'
const VP9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8'
const VARIABLE = '-vf select=not(mod(n\\,3))+lt(n\\,50) -vsync vfr'

/** Makes the stream of a file, checks its playlists, and puts it into a folder. */
async function streamOf(path: string, parent: string) {
  await using server = await serveFile(path)
  const out = collect()
  const source = { url: server.url, size: statSync(path).size }
  const hls = createHls({ ffmpeg: FFMPEG, limits: LIMITS })
  await hls(source, await describe(path), out.emit, new AbortController().signal)
  const names = [...out.files.keys()]
  for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9_-]{0,63}\.(m3u8|m4s|mp4)$/)
  expect(names.slice(-2)).toEqual(['stream.m3u8', 'manifest.m3u8'])

  const media = out.text('stream.m3u8')
  const uris = media.split('\n').filter((line) => line && !line.startsWith('#'))
  expect(['init.mp4', ...uris].toSorted()).toEqual(names.slice(0, -2).toSorted())
  expect(media).toContain('#EXT-X-MAP:URI="init.mp4"')
  expect(media.trimEnd().endsWith('#EXT-X-ENDLIST')).toBe(true)
  const durations = [...media.matchAll(/#EXTINF:([\d.]+),/g)].map((match) => Number(match[1]))
  const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(media)![1])
  for (const seconds of durations) expect(Math.round(seconds)).toBeLessThanOrEqual(target)

  const folder = `${parent}/hls`
  mkdirSync(folder)
  out.save(folder)
  const manifest = `${folder}/manifest.m3u8`
  // It decodes without a complaint.
  await ffmpegSays('-xerror', '-i', manifest, '-f', 'null', '-')
  const duration = durations.reduce((sum, seconds) => sum + seconds, 0)
  const [, info = '', uri] = /#EXT-X-STREAM-INF:(.*)\n(.*)\n/.exec(out.text('manifest.m3u8'))!
  expect(uri).toBe('stream.m3u8')
  return { manifest, duration, durations, info, streams: (await probe(manifest)).streams }
}

/** A digest of the packets as they are, for H.264 in the form that it has outside of files. */
function packets(path: string, kind: 'v' | 'a'): Promise<string> {
  const filter = kind === 'v' ? ['-bsf:v', 'h264_mp4toannexb'] : []
  return ffmpegSays('-i', path, '-map', `0:${kind}:0`, '-c', 'copy', ...filter, '-f', 'md5', '-')
}

/** Seconds by which the sound sets in after the picture. */
async function lag(path: string): Promise<number> {
  const starts = async (kind: string) => {
    const args = ['-copyts', '-i', path, '-map', `0:${kind}:0`, '-f', 'framecrc', '-']
    const text = await ffmpegSays(...args)
    const [over, under] = /#tb 0: (\d+)\/(\d+)/.exec(text)!.slice(1).map(Number)
    return (Number(/^0,[^,]+,\s*(-?\d+)/m.exec(text)![1]) * over!) / under!
  }
  return (await starts('a')) - (await starts('v'))
}

group.skipIf(skipsMedia)('an HLS stream', () => {
  const copied: [string, string, string[]][] = [
    ['of an MP4 with its index at the end', 'a.mp4', [`${FILM} ${SOUND} ${H264} ${AAC}`]],
    [
      'of an MP4 with its index at the start',
      'a.mp4',
      [`${FILM} ${SOUND} ${H264} ${AAC} -movflags +faststart`],
    ],
    ['of a QuickTime film', 'a.mov', [`${FILM} ${SOUND} ${H264} ${AAC}`]],
    ['of Matroska', 'a.mkv', [`${FILM} ${SOUND} ${H264} ${AAC}`]],
    ['of a variable frame rate', 'a.mp4', [`${FILM} ${SOUND} ${VARIABLE} ${H264} ${AAC}`]],
    ['of sound that is longer', 'a.mp4', [`${FILM} -f lavfi -i sine=duration=10 ${H264} ${AAC}`]],
    ['of sound that is shorter', 'a.mp4', [`${FILM} -f lavfi -i sine=duration=3 ${H264} ${AAC}`]],
  ]
  test.each(copied)('has the packets %s as they are', async (_, name, [args]) => {
    using folder = scratch()
    const path = folder.path(name)
    await make(args!, path)
    const { manifest, duration, info } = await streamOf(path, folder.root)
    expect(await packets(manifest, 'v')).toBe(await packets(path, 'v'))
    expect(await packets(manifest, 'a')).toBe(await packets(path, 'a'))
    expect(Math.abs(duration - Number((await probe(path)).format.duration))).toBeLessThan(0.1)
    expect(info).toMatch(
      /BANDWIDTH=\d+,.*CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2",RESOLUTION=160x120/,
    )
  })

  test('has the frames of a transport stream as they are', async () => {
    using folder = scratch()
    const path = folder.path('a.ts')
    await make(`${FILM} ${SOUND} ${H264} ${AAC}`, path)
    const { manifest, duration } = await streamOf(path, folder.root)
    // The packets of a transport stream have headers that the ones of MP4 do not have.
    const frames = (input: string) => ffmpegSays('-i', input, '-map', '0:v', '-f', 'md5', '-')
    expect(await frames(manifest)).toBe(await frames(path))
    const sound = ['-map', '0:a', '-c', 'copy', '-bsf:a', 'aac_adtstoasc', '-f', 'md5', '-']
    expect(await packets(manifest, 'a')).toBe(await ffmpegSays('-i', path, ...sound))
    expect(Math.abs(duration - Number((await probe(path)).format.duration))).toBeLessThan(0.1)
  })

  test.each([
    ['sound', '0:v', '1:a'],
    ['video', '1:v', '0:a'],
  ])('keeps %s that sets in late in step', async (late, video, audio) => {
    using folder = scratch()
    await make(`${FILM} ${SOUND} ${H264} ${AAC}`, folder.path('a.mp4'))
    const twice = `-i ${folder.path('a.mp4')} -itsoffset 1.5 -i ${folder.path('a.mp4')}`
    const path = folder.path('late.mp4')
    await make(`${twice} -map ${video} -map ${audio} -c copy`, path)
    const { manifest, duration } = await streamOf(path, folder.root)
    expect(Math.abs(duration - 9.5)).toBeLessThan(0.1)
    const expected = late === 'sound' ? 1.5 : -1.5
    expect(Math.abs((await lag(manifest)) - expected)).toBeLessThan(0.05)
  })

  test('lasts as long as what an edit list leaves of a film', async () => {
    using folder = scratch()
    await make(`${FILM} ${SOUND} ${H264} ${AAC}`, folder.path('whole.mp4'))
    const path = folder.path('trimmed.mp4')
    await make(`-i ${folder.path('whole.mp4')} -c copy -ss 1.3`, path)
    const { duration } = await streamOf(path, folder.root)
    expect(Math.abs(duration - Number((await probe(path)).format.duration))).toBeLessThan(0.1)
  })

  const encoded: [string, string, string][] = [
    ['VP9 and Opus', 'a.mkv', `${FILM} ${SOUND} ${VP9} -c:a libopus`],
    ['MPEG-4 and PCM in AVI', 'a.avi', `${FILM} ${SOUND} -c:v mpeg4 -c:a pcm_s16le`],
    ['H.264 in AVI, which has no times', 'a.avi', `${FILM} ${SOUND} ${H264} -c:a libmp3lame`],
    ['a variable frame rate', 'a.webm', `${FILM} ${SOUND} ${VARIABLE} ${VP9} -c:a libopus`],
    ['4:2:2', 'a.mp4', `${FILM} ${SOUND} -pix_fmt yuv422p -c:v libx264 ${AAC}`],
    [
      'interlaced video',
      'a.mp4',
      `${FILM} ${SOUND} ${H264} -flags +ildct+ilme -x264opts tff=1 ${AAC}`,
    ],
  ]
  test.each(encoded)('has %s encoded', async (_, name, args) => {
    using folder = scratch()
    const path = folder.path(name)
    await make(args, path)
    const { duration, durations, info, streams } = await streamOf(path, folder.root)
    expect(Math.abs(duration - Number((await probe(path)).format.duration))).toBeLessThan(0.1)
    expect(streams).toMatchObject([
      {
        codec_name: 'h264',
        pix_fmt: 'yuv420p',
        width: 160,
        height: 120,
        sample_aspect_ratio: '1:1',
      },
      { codec_name: 'aac' },
    ])
    expect(info).toContain('RESOLUTION=160x120')
    // Every segment of 6 seconds begins with a key frame.
    expect(durations[0]).toBeCloseTo(6, 1)
  })

  test('has a turned picture upright', async () => {
    using folder = scratch()
    const path = folder.path('a.mov')
    await make(`${FILM} ${SOUND} ${H264} ${AAC}`, path)
    turnMovie(path)
    const { manifest, info, streams } = await streamOf(path, folder.root)
    expect(streams).toMatchObject([{ width: 120, height: 160 }, { codec_name: 'aac' }])
    expect(info).toContain('RESOLUTION=120x160')
    expect(await packets(manifest, 'a')).toBe(await packets(path, 'a'))
  })

  test('keeps pixels that are not square', async () => {
    using folder = scratch()
    await make(`${FILM} -vf setsar=3/2 ${VP9}`, folder.path('a.webm'))
    const { info, streams } = await streamOf(folder.path('a.webm'), folder.root)
    expect(streams).toMatchObject([{ width: 160, height: 120, sample_aspect_ratio: '3:2' }])
    expect(info).toContain('RESOLUTION=240x120')
  })

  test('is at most 1920 pixels wide, in even numbers', async () => {
    using folder = scratch()
    const film = '-f lavfi -i testsrc=size=2000x301:rate=5:duration=1'
    await make(`${film} -c:v mpeg4`, folder.path('a.mp4'))
    const { streams } = await streamOf(folder.path('a.mp4'), folder.root)
    expect(streams).toMatchObject([{ width: 1920, height: 288 }])
  })

  test('brings HDR into common colours', async () => {
    using folder = scratch()
    const hdr = '-color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc'
    const film = `-f lavfi -i testsrc=size=160x120:rate=24:duration=1 -pix_fmt yuv420p10le ${hdr}`
    await make(`${film} -c:v libx265 -x265-params log-level=0`, folder.path('a.mp4'))
    const { streams } = await streamOf(folder.path('a.mp4'), folder.root)
    expect(streams).toMatchObject([{ pix_fmt: 'yuv420p', color_transfer: 'bt709' }])
  })

  test('has video without sound', async () => {
    using folder = scratch()
    const path = folder.path('a.mp4')
    await make(`${FILM} ${H264}`, path)
    const { manifest, info } = await streamOf(path, folder.root)
    expect(await packets(manifest, 'v')).toBe(await packets(path, 'v'))
    expect(info).toMatch(/CODECS="avc1\.[0-9a-f]{6}"/)
  })

  test('has AAC without video as it is', async () => {
    using folder = scratch()
    const path = folder.path('a.m4a')
    await make(`${SOUND} ${AAC}`, path)
    const { manifest, info } = await streamOf(path, folder.root)
    expect(await packets(manifest, 'a')).toBe(await packets(path, 'a'))
    expect(info).toMatch(/CODECS="mp4a\.40\.2"$/)
  })

  test('has MP3 encoded, without its cover picture', async () => {
    using folder = scratch()
    await make('-f lavfi -i testsrc -frames:v 1', folder.path('cover.jpg'))
    const path = folder.path('a.mp3')
    await make(`${SOUND} -i ${folder.path('cover.jpg')} -map 0 -map 1 -c:v copy`, path)
    const { duration, streams } = await streamOf(path, folder.root)
    expect(streams).toMatchObject([{ codec_name: 'aac', channels: 2 }])
    expect(Math.abs(duration - 8)).toBeLessThan(0.1)
  })
})
