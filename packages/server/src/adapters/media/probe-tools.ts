import { type Finding, within } from '../finding.ts'
import { findTool } from './find-tool.ts'
import { runTool, type ToolLimits } from './tool.ts'

export interface ToolsToProbe {
  toolPath: string
  /** Most memory of one run, bytes. */
  memory: number
}

const INSTALL = 'apt-get install -y ffmpeg'
const HLS = 'no HLS streams'
const THUMBNAILS = 'no thumbnails of video'
const RUN_MS = 5000

/** What we ask of ffmpeg, and what does not work without it. */
const NEEDED: { list: string; name: string; without: string }[] = [
  { list: '-encoders', name: 'libx264', without: 'no HLS streams of video that is encoded anew' },
  { list: '-encoders', name: 'aac', without: 'no HLS streams of sound that is encoded anew' },
  { list: '-encoders', name: 'mjpeg', without: THUMBNAILS },
  { list: '-muxers', name: 'hls', without: HLS },
  { list: '-muxers', name: 'mp4', without: HLS },
  { list: '-muxers', name: 'image2pipe', without: THUMBNAILS },
  { list: '-muxers', name: 'framecrc', without: 'damaged files are not told from whole ones' },
  { list: '-protocols', name: 'http', without: 'nothing, for media is read over HTTP' },
  { list: '-filters', name: 'zscale', without: 'pale colours of HDR video' },
  { list: '-filters', name: 'tonemap', without: 'pale colours of HDR video' },
]

/** Whether the tools that read and make media are there and can do what is asked of them. */
export async function probeTools({ toolPath, memory }: ToolsToProbe): Promise<Finding[]> {
  const limits = { timeoutMs: RUN_MS, memory }
  return [
    await probeTool('ffmpeg', toolPath, limits, `${HLS}, ${THUMBNAILS}`),
    await probeTool(
      'ffprobe',
      toolPath,
      limits,
      'what a file holds is only read of common formats',
    ),
  ]
}

async function probeTool(
  check: 'ffmpeg' | 'ffprobe',
  toolPath: string,
  limits: ToolLimits,
  without: string,
): Promise<Finding> {
  const path = findTool(check, toolPath)
  if (path === undefined) {
    return { check, outcome: 'warning', found: `not on PATH: ${without}`, remedy: INSTALL }
  }
  const ask = async (question: string) => {
    const { ok, end, stdout, stderr } = await within((signal) =>
      runTool(path, ['-hide_banner', question], limits, signal),
    )
    if (!ok) throw new Error(stderr.trim().split('\n').at(-1) || `it was ended: ${end}`)
    return stdout.toString()
  }
  try {
    const version = /version (\S+)/.exec(await ask('-version'))?.[1] ?? 'unknown'
    const lacking = check === 'ffmpeg' ? await lacks(ask) : []
    if (lacking.length === 0) return { check, outcome: 'ok', found: `${version}, ${path}` }
    const names = lacking.map(({ name }) => name).join(', ')
    const means = [...new Set(lacking.map((need) => need.without))].join('; ')
    const found = `${version}, ${path}, made without ${names}: ${means}`
    return { check, outcome: 'warning', found, remedy: INSTALL }
  } catch (error) {
    const found = `${path} does not run: ${(error as Error).message}`
    const remedy = `${path} -version      # PARTWAY_PROCESSING_MEMORY may be too little, ${INSTALL} mends a broken one`
    return { check, outcome: 'warning', found, remedy }
  }
}

async function lacks(ask: (question: string) => Promise<string>) {
  const lists = new Map<string, Set<string>>()
  for (const { list } of NEEDED) {
    if (!lists.has(list)) lists.set(list, new Set((await ask(list)).split(/\s+/)))
  }
  return NEEDED.filter(({ list, name }) => !lists.get(list)!.has(name))
}
