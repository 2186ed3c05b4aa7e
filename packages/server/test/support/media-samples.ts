import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

// Small films and sounds, made by ffmpeg. Each is a line of arguments, so that what is in a
// sample can be read here.

const run = promisify(execFile)

/** Runs ffmpeg; its complaint is the error's message. */
export async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-hide_banner', '-nostdin', '-y', '-v', 'error', ...args])
}

const picture = (options = 'size=96x64:rate=24:duration=1') => [
  ...['-f', 'lavfi', '-i', `testsrc=${options}`],
]
const sound = (options = 'frequency=440:sample_rate=44100:duration=1') => [
  ...['-f', 'lavfi', '-i', `sine=${options}`],
]
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']
const aac = ['-c:a', 'aac', '-b:a', '64k']
const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8']
const film = [...picture(), ...sound(), ...h264, ...aac]
const hdr = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc']

/** File name → what ffmpeg is told before it. */
export const FILMS = {
  'moov-last.mp4': film,
  'moov-first.mp4': [...film, '-movflags', '+faststart'],
  'fragmented.mp4': [...film, '-g', '12', '-movflags', '+frag_keyframe+empty_moov'],
  'tagged.mp4': [
    ...film,
    ...['-metadata', 'creation_time=2024-03-01T12:30:00Z'],
    ...['-metadata', 'location=+48.8584+002.2945+035.000/'],
    ...['-metadata:s:a:0', 'language=fra'],
  ],
  'timecode.mov': [...film, '-timecode', '01:00:00:00'],
  'drop-frame.mov': [
    ...picture('size=96x64:rate=30000/1001:duration=1'),
    ...h264,
    ...['-timecode', '00:59:59;02'],
  ],
  'two-languages.mp4': [
    ...picture(),
    ...sound(),
    ...sound('frequency=880:sample_rate=48000:duration=1'),
    ...['-map', '0:v', '-map', '1:a', '-map', '2:a', ...h264, ...aac, '-ac:a:1', '6'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu'],
  ],
  'interlaced.mp4': [
    ...picture('size=96x64:rate=25:duration=1'),
    ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-flags', '+ildct+ilme', '-x264opts', 'tff=1'],
  ],
  'anamorphic.mp4': [...picture('size=72x58:rate=25:duration=1'), '-vf', 'setsar=64/45', ...h264],
  'variable-rate.mp4': [
    ...picture('size=96x64:rate=30:duration=2'),
    ...['-vf', "select='not(mod(n,3))+lt(n,15)'", '-vsync', 'vfr', ...h264],
  ],
  'colours.mp4': [
    ...[...picture(), ...h264, '-color_range', 'tv'],
    ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709'],
  ],
  'hdr10.mp4': [
    ...[...picture(), '-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le'],
    ...['-tag:v', 'hvc1', '-x265-params', 'log-level=none', ...hdr],
  ],
  'protected.mp4': [
    ...[...film, '-encryption_scheme', 'cenc-aes-ctr'],
    ...['-encryption_key', '76a6c65c5ea762046bd749a2e632ccbb'],
    ...['-encryption_kid', 'a7e61c373e219033c21091fa607bf3b8'],
  ],
  'mpeg4.mp4': [...picture(), '-c:v', 'mpeg4'],
  'film.mkv': [...picture(), ...sound(), ...vp9, '-pix_fmt', 'yuv420p', '-c:a', 'libopus'],
  'film.webm': [...picture(), ...sound(), ...vp9, '-pix_fmt', 'yuv420p', '-c:a', 'libopus'],
  'hdr.webm': [...picture(), ...vp9, '-pix_fmt', 'yuv420p10le', '-profile:v', '2', ...hdr],
  'alpha.webm': [...picture(), ...vp9, '-pix_fmt', 'yuva420p', '-auto-alt-ref', '0'],
  'film.ts': [...film, '-metadata:s:a:0', 'language=eng'],
  'film.avi': [...picture(), ...sound(), '-c:v', 'mpeg4', '-c:a', 'libmp3lame'],
} as const satisfies Record<string, readonly string[]>

export const SOUNDS = {
  'song.mp3': [
    ...[...sound(), ...picture('size=32x32:rate=1:duration=1'), '-map', '0:a', '-map', '1:v'],
    ...['-c:a', 'libmp3lame', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic'],
    ...['-metadata', 'title=A song'],
  ],
  'plain.mp3': [...sound(), '-c:a', 'libmp3lame', '-write_xing', '0', '-id3v2_version', '0'],
  'tone.wav': [...sound(), '-c:a', 'pcm_s24le'],
  'tone.flac': [...sound(), '-c:a', 'flac', '-sample_fmt', 's16'],
  'tone.aac': [...sound(), ...aac, '-f', 'adts'],
  'vorbis.ogg': [...sound(), '-c:a', 'libvorbis', '-ac', '2'],
  'opus.ogg': [...sound(), '-c:a', 'libopus'],
  'song.m4a': [...sound(), ...aac],
  'sound.webm': [...sound(), '-c:a', 'libopus'],
} as const satisfies Record<string, readonly string[]>

const RECIPES: Record<string, readonly string[]> = { ...FILMS, ...SOUNDS }

/** Makes one of the above in `folder` and returns its path. */
export async function makeSample(folder: string, name: string): Promise<string> {
  const path = join(folder, name)
  await ffmpeg(...RECIPES[name]!, path)
  return path
}

/** The display matrix of a telephone held upright; ffmpeg 5 sets it when it copies. */
export async function makeRotated(folder: string, degrees: number): Promise<string> {
  const upright = await makeSample(folder, 'moov-last.mp4')
  const path = join(folder, `rotated-${degrees}.mov`)
  await ffmpeg('-i', upright, '-c', 'copy', '-metadata:s:v:0', `rotate=${degrees}`, path)
  return path
}
