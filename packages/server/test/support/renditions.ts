import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TechnicalMetadata } from '@partway/protocol'
import type { ToolLimits } from '../../src/adapters/media/tool.ts'
import type { EmitFile } from '../../src/core/media-port.ts'

const run = promisify(execFile)

export const FFMPEG = '/usr/bin/ffmpeg'
export const LIMITS: ToolLimits = { timeoutMs: 60_000, memory: 2 * 2 ** 30 }

/** A folder of its own, which goes when the test does. */
export function scratch(): Disposable & { path: (name: string) => string; root: string } {
  const root = mkdtempSync(join(tmpdir(), 'renditions-'))
  return {
    root,
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** Runs ffmpeg with arguments that are separated by spaces; file names come after. */
export async function make(args: string, ...more: string[]): Promise<void> {
  const given = [...args.split(' ').filter(Boolean), ...more]
  await run(FFMPEG, ['-hide_banner', '-nostdin', '-y', '-v', 'error', ...given])
}

/** Standard output of ffmpeg. */
export async function ffmpegSays(...args: string[]): Promise<string> {
  return (await run(FFMPEG, ['-hide_banner', '-nostdin', '-v', 'error', ...args])).stdout
}

export interface Probed {
  format: { format_name: string; duration?: string }
  streams: {
    codec_type: 'video' | 'audio' | 'data'
    codec_name: string
    width?: number
    height?: number
    pix_fmt?: string
    field_order?: string
    sample_aspect_ratio?: string
    color_transfer?: string
    channels?: number
    sample_rate?: string
    duration?: string
    r_frame_rate: string
    disposition: { attached_pic: number }
    side_data_list?: { rotation?: number }[]
  }[]
}

export async function probe(path: string): Promise<Probed> {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', path]
  return JSON.parse((await run('/usr/bin/ffprobe', args)).stdout) as Probed
}

/** As much of what an inspection finds as renditions depend on. */
export async function describe(path: string): Promise<TechnicalMetadata> {
  const { format, streams } = await probe(path)
  const pictures = streams.filter((s) => s.codec_type === 'video' && !s.disposition.attached_pic)
  const sounds = streams.filter((s) => s.codec_type === 'audio')
  return {
    file_container_format: format.format_name,
    ...(pictures.length > 0 && { video_duration_seconds: Number(format.duration ?? 0) }),
    video_streams: pictures.map((s) => {
      const [over = 0, under = 1] = s.r_frame_rate.split('/').map(Number)
      const interlaced = /^(tt|bb|tb|bt)$/.test(s.field_order ?? '')
      return {
        codec: s.codec_name,
        fps: over / under,
        rotation: (360 - (s.side_data_list?.[0]?.rotation ?? 0)) % 360,
        scan_type: interlaced ? 'interlaced' : 'progressive',
        ...(s.pix_fmt && { pixel_format: s.pix_fmt }),
        ...(s.color_transfer && { color_transfer: s.color_transfer }),
        ...(s.sample_aspect_ratio && { pixel_aspect_ratio: s.sample_aspect_ratio }),
      }
    }),
    audio_streams: sounds.map((s) => ({
      codec: s.codec_name,
      channels: s.channels ?? 0,
      sample_rate: Number(s.sample_rate ?? 0),
    })),
  }
}

export interface Collected {
  files: Map<string, Buffer>
  emit: EmitFile
  text(name: string): string
  /** Puts the files in a folder and returns it. */
  save(folder: string): string
}

/** Takes what is emitted, one file at a time and each only once. */
export function collect(): Collected {
  const files = new Map<string, Buffer>()
  let busy = false
  return {
    files,
    async emit(name, body) {
      if (busy) throw new Error('called again before it had resolved')
      if (files.has(name)) throw new Error(`${name} was emitted twice`)
      busy = true
      const pieces: Uint8Array[] = []
      for await (const piece of body) pieces.push(piece)
      files.set(name, Buffer.concat(pieces))
      busy = false
    },
    text: (name) => files.get(name)!.toString(),
    save(folder) {
      for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes)
      return folder
    },
  }
}

/** Command lines of this machine's processes that contain `text`. */
export function processesWith(text: string): string[] {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
  return lines.filter((line) => line.includes(text))
}

/** Turns the picture of an MP4 by 90 degrees clockwise, as a phone that is held upright does. */
export function turnMovie(path: string): void {
  const bytes = readFileSync(path)
  for (let at = bytes.indexOf('tkhd'); at > 0; at = bytes.indexOf('tkhd', at + 4)) {
    const height = bytes.readUInt32BE(at + 84)
    // The matrix {a, b, u, c, d, v, x, y, w}; sound has no height.
    const matrix = [0, 0x10000, 0, -0x10000, 0, 0, height, 0, 0x40000000]
    if (height === 0) continue
    for (const [i, value] of matrix.entries()) bytes.writeInt32BE(value, at + 44 + 4 * i)
  }
  writeFileSync(path, bytes)
}
