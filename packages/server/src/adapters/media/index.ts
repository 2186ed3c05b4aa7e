import type { Media } from '../../core/ports.ts'
import { detectType, SAMPLE } from './content-type.ts'
import { findTool } from './find-tool.ts'
import { createHls } from './hls.ts'
import { createInspector } from './inspect.ts'
import { createThumbnails } from './thumbnail.ts'
import type { ToolLimits } from './tool.ts'

export interface MediaOptions {
  /** Folders where ffmpeg and ffprobe are looked for, as in `PATH`. Without them less is done. */
  toolPath: string
  /** For each run of a tool. */
  limits: ToolLimits
}

const BRIEF_MS = 10 * 60_000

/** `Media` by ffmpeg and ffprobe where they are installed, and by libraries where they are not. */
export function createMedia({ toolPath, limits }: MediaOptions): Media {
  const ffmpeg = findTool('ffmpeg', toolPath)
  const ffprobe = findTool('ffprobe', toolPath)
  // Looking at a file is quick, or it is hopeless.
  const brief = { ...limits, timeoutMs: Math.min(limits.timeoutMs, BRIEF_MS) }
  return {
    detect: (head, filename) => detectType(Buffer.from(head), head.byteLength < SAMPLE, filename),
    inspect: createInspector({ ffprobe, ffmpeg, limits: brief }),
    thumbnail: createThumbnails({ ffmpeg, limits: brief }),
    hls: createHls({ ffmpeg, limits }),
  }
}
