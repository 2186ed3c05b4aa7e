import type { TechnicalMetadata } from '@partway/protocol'
import { type Media, MediaError, type MediaSource } from '../../core/media-port.ts'
import { fetchRange, openByteSource } from './byte-source.ts'
import { detectType, documentEnding, kindOf, SAMPLE } from './content-type.ts'
import { probe, tryDecoding } from './ffprobe.ts'
import { describeStreams, type Found, known } from './found.ts'
import { PROBLEMS } from './problems.ts'
import { askReader } from './reader.ts'
import { isTechnicalMetadata } from './schema.ts'
import { checkStructure } from './structure.ts'
import { isTextThroughout } from './text-check.ts'
import type { ToolLimits } from './tool.ts'

export interface InspectorOptions {
  /** Absolute path; `undefined`: the embedded reader reads video and audio too. */
  ffprobe: string | undefined
  /** Absolute path; `undefined`: nobody tries whether video and audio can be decoded. */
  ffmpeg: string | undefined
  /** For each tool that is run; a file may take up to three. */
  limits: ToolLimits
}

/**
 * Finds out what a file is. Its first bytes decide who reads the rest, always in a process of its
 * own: ffprobe video and audio, the embedded reader images, PDF, and everything where ffprobe is
 * missing. No tool meets a file that its signature does not call for.
 */
export function createInspector({ ffprobe, ffmpeg, limits }: InspectorOptions): Media['inspect'] {
  return async (source, filename, signal) => {
    signal.throwIfAborted()
    const { url, size } = source
    const sample = await fetchRange(url, 0, Math.min(size, SAMPLE), signal)
    const detected = await detectType(sample, size <= SAMPLE, filename)
    const result = await contentOnly(source, signal, () => read(source, detected, filename, signal))
    const mimeType = detected && nameStreams(detected, result.metadata)
    const metadata = known<TechnicalMetadata>({
      file_size_bytes: size,
      file_mime_type: mimeType,
      ...result.metadata,
    })
    const valid = isTechnicalMetadata(metadata)
    return {
      mimeType,
      duration: result.duration,
      technicalMetadata: valid ? metadata : { file_size_bytes: size },
      problem: result.problem ?? (valid ? undefined : PROBLEMS.damaged),
    }
  }

  async function read(
    source: MediaSource,
    type: string | undefined,
    filename: string,
    signal: AbortSignal,
  ): Promise<Result> {
    const misnamed = checkName(filename, type)
    if (misnamed) return { metadata: {}, problem: misnamed }
    if (!type) return { metadata: {}, problem: PROBLEMS.unknown }
    switch (kindOf(type)) {
      case 'streams':
        return readStreams(source, type, signal)
      case 'image':
      case 'pdf': {
        const answer = await askReader(source, type, limits, signal)
        return 'metadata' in answer ? answer : { metadata: {}, problem: PROBLEMS.damaged }
      }
      case 'text': {
        const fine = await isTextThroughout(source.url, source.size, signal)
        return { metadata: {}, problem: fine ? undefined : notText(filename) }
      }
      default:
        return { metadata: {}, problem: PROBLEMS.unsupported(type) }
    }
  }

  async function readStreams(
    source: MediaSource,
    type: string,
    signal: AbortSignal,
  ): Promise<Result> {
    const bytes = openByteSource(source.url, source.size, signal)
    const { problem: incomplete } = await contentOnly(source, signal, async () => ({
      metadata: {},
      problem: await checkStructure(bytes, type),
    }))
    const reading = await contentOnly(source, signal, async () => {
      const found = await findStreams(source, type, signal)
      return { found, metadata: describeStreams(found), problem: checkStreams(found) }
    })
    const result = { ...reading, duration: reading.found?.duration }
    // What is missing explains best why a reader failed.
    const problem = incomplete ?? reading.problem
    if (problem || !ffmpeg || !reading.found) return { ...result, problem }
    const { found } = reading
    const decoding = await contentOnly(source, signal, async () => {
      await tryDecoding(ffmpeg, source.url, found, limits, signal)
      return { metadata: {} }
    })
    return { ...result, problem: decoding.problem }
  }

  async function findStreams(
    source: MediaSource,
    type: string,
    signal: AbortSignal,
  ): Promise<Found> {
    if (ffprobe) return probe(ffprobe, source.url, limits, signal)
    const answer = await askReader(source, type, limits, signal)
    if ('found' in answer) return answer.found
    throw new MediaError(PROBLEMS.damaged)
  }
}

interface Result {
  metadata: TechnicalMetadata
  duration?: number | undefined
  problem?: string | undefined
  found?: Found
}

/**
 * Turns the content's failures into a `problem` and lets all others pass. A tool cannot always
 * tell the content from a source that went away, so the source is asked once more.
 */
async function contentOnly(
  { url, size }: MediaSource,
  signal: AbortSignal,
  attempt: () => Promise<Result>,
): Promise<Result> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    await fetchRange(url, size - 1, size, signal)
    return { metadata: {}, problem: error.message }
  }
}

/** Why streams that were found cannot be used. */
function checkStreams({ video, audio }: Found): string | undefined {
  if (video.length + audio.length === 0) return PROBLEMS.empty
  const first = [...video.slice(0, 1), ...audio.slice(0, 1)]
  return first.some(({ codec }) => codec === undefined) ? PROBLEMS.codec : undefined
}

/** Documents have to be what their names say; of other files the name says nothing. */
function checkName(filename: string, type: string | undefined): string | undefined {
  const ending = documentEnding(filename)
  if (!ending) return undefined
  if (ending === 'pdf') {
    return type === 'application/pdf' ? undefined : PROBLEMS.misnamed(ending, type)
  }
  if (type?.startsWith('text/')) return undefined
  return type ? PROBLEMS.misnamed(ending, type) : PROBLEMS.notText(ending)
}

const notText = (filename: string) => PROBLEMS.notText(documentEnding(filename) ?? 'txt')

/** Signatures name the container, which holds sound alone as well. */
function nameStreams(detected: string, { has_audio, ...found }: TechnicalMetadata): string {
  const soundOnly = has_audio && found.total_video_streams === 0
  const shared = /^video\/(mp4|webm|ogg|matroska|x-matroska|3gpp|3gpp2)$/.exec(detected)
  return soundOnly && shared ? `audio/${shared[1]}` : detected
}
