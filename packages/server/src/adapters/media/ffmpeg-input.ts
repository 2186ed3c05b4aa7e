/**
 * The containers that ffmpeg may open, by the names of its demuxers. None that leads to other
 * files or hosts, such as playlists, and none that calls anything at all a picture or a text.
 */
const DEMUXERS = [
  ...['mov', 'mp4', 'matroska', 'webm', 'mpegts', 'mpeg', 'mpegvideo', 'avi', 'flv', 'live_flv'],
  ...['asf', 'ogg', 'mxf', 'gxf', 'rm', 'dv', 'm4v', 'h264', 'hevc', 'ivf', 'nut', 'wtv'],
  ...['mp3', 'wav', 'w64', 'flac', 'aac', 'loas', 'ac3', 'eac3', 'dts', 'amr', 'amrnb', 'amrwb'],
  ...['aiff', 'caf', 'au', 'ape', 'wv', 'mpc', 'mpc8', 'dsf', 'iff', 'tta', 'tak', 'voc', 'qcp'],
]

/** Goes before `-i` of ffmpeg and ffprobe: what they may open, whatever the content asks for. */
export const INPUT_LIMITS: readonly string[] = [
  ...['-protocol_whitelist', 'http,tcp'],
  ...['-format_whitelist', DEMUXERS.join(',')],
]

/**
 * What ffmpeg says when the source failed it, as opposed to the content. Not 416: that is what
 * damaged content gets that points behind its own end.
 */
const SOURCE_TROUBLE =
  /HTTP error (?!416)\d|Server returned (5XX|40\d)|Connection (refused|reset|timed out)|Stream ends prematurely|Network is unreachable|Broken pipe|Failed to resolve/

/** Whether what a tool printed on standard error is about the source, not about the content. */
export function blamesSource(stderr: string): boolean {
  return SOURCE_TROUBLE.test(stderr)
}
