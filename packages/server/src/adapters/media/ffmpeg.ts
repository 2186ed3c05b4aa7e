import { MediaError, type MediaSource } from '../../core/media-port.ts'
import { UnreachableSourceError } from './byte-source.ts'
import { INPUT_LIMITS } from './ffmpeg-input.ts'
import { runTool, type ToolLimits, type ToolResult } from './tool.ts'

// What thumbnails and HLS streams have in common: how ffmpeg opens a stranger's file, and what
// its failures mean.

/** Decoders copy their buffers per thread: more of them would cost memory before time is saved. */
const DECODER_THREADS = 2

/** Microseconds without a byte from the source. */
const STALL = 60_000_000

/** What comes before every output; with `position`, in seconds, reading begins there. */
export function inputArgs(source: MediaSource, position?: number): string[] {
  return [
    ...['-nostdin', '-hide_banner', '-v', 'error'],
    ...INPUT_LIMITS,
    // While a slow encoder reads nothing, the source may close the connection: ask for the rest.
    ...['-reconnect', '1', '-reconnect_delay_max', '4'],
    ...['-rw_timeout', String(STALL), '-threads', String(DECODER_THREADS)],
    ...(position ? ['-ss', position.toFixed(3)] : []),
    ...['-i', source.url],
  ]
}

/**
 * The filter that brings HDR into the colours of common screens; `undefined` for everything
 * else. Both ends are spelled out, because files often name the transfer function alone.
 */
export function toneMap(transfer: string | undefined): string | undefined {
  if (transfer !== 'smpte2084' && transfer !== 'arib-std-b67') return undefined
  return [
    `zscale=tin=${transfer}:min=2020_ncl:pin=2020:rin=limited:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=709',
    'tonemap=hable:desat=0',
    'zscale=t=709:m=709:r=limited',
  ].join(',')
}

/** Whether this ffmpeg has the filters of `toneMap`. */
export async function canToneMap(
  ffmpeg: string,
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<boolean> {
  const { stdout } = await runTool(ffmpeg, ['-v', 'error', '-filters'], limits, signal)
  return /\bzscale\b/.test(stdout.toString()) && /\btonemap\b/.test(stdout.toString())
}

/** The source is gone for good; of connections that were made up for, ffmpeg complains as well. */
const GAVE_UP = /Input\/output error|should be 18446744073709551615/

/**
 * Throws when a run says that the source failed, even if ffmpeg is content: to a demuxer a
 * source that breaks off is a file that ends.
 */
export function requireWholeSource({ stderr }: ToolResult): void {
  if (GAVE_UP.test(stderr)) throw new UnreachableSourceError('the source of the media broke off')
}

/**
 * Says why a run was not ok.
 *
 * @param what such as "Making the HLS stream", the beginning of a sentence
 * @returns MediaError when the content is the reason, `signal.reason`, or UnreachableSourceError
 */
export async function explain(
  result: ToolResult,
  what: string,
  source: MediaSource,
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted) return signal.reason
  const problem = await problemOfSource(source, signal)
  if (signal.aborted) return signal.reason
  if (problem) return new UnreachableSourceError(problem)
  if (result.end === 'timeout') {
    return new MediaError(`${what} took longer than ${duration(limits.timeoutMs)}.`)
  }
  if (/Cannot allocate memory|malloc of size|bad_alloc/.test(result.stderr)) {
    return new MediaError(`${what} takes more memory than it may use.`)
  }
  return new MediaError(`${what} failed: the file is damaged or in a format that is not supported.`)
}

/** Asks the source for one byte; `undefined` when it answers. */
async function problemOfSource(
  { url }: MediaSource,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
    const response = await fetch(url, { headers: { range: 'bytes=0-0' }, signal: soon })
    await response.body?.cancel()
    return response.ok ? undefined : `the source of the media answers ${response.status}`
  } catch {
    return 'the source of the media does not answer'
  }
}

function duration(ms: number): string {
  const [amount, unit] =
    ms >= 7_200_000
      ? [ms / 3_600_000, 'hours']
      : ms >= 120_000
        ? [ms / 60_000, 'minutes']
        : [ms / 1000, 'seconds']
  return `${Number(amount.toFixed(2))} ${unit}`
}
