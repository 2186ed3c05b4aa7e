import { type Media, MediaError, type MediaSource } from '../../core/media-port.ts'
import { explain } from './ffmpeg.ts'
import { readerError, runReader } from './reader.ts'
import { coverOf, frameOf } from './thumbnail-ffmpeg.ts'
import type { ToolLimits } from './tool.ts'

const NAME = 'thumbnail.jpg'
const MAKING = 'Making the thumbnail'
const NO_FFMPEG = 'Install ffmpeg on the server to make thumbnails of video and audio.'

export interface ThumbnailOptions {
  /** Absolute path; without it there are thumbnails of images and PDF only. */
  ffmpeg: string | undefined
  /** For each run of a tool; a video takes a few. */
  limits: ToolLimits
}

/**
 * Makes a JPEG of at most 1280 by 1280 pixels, never enlarged: of an image, of the first page of
 * a PDF, of a telling frame of a video, of the cover picture of a sound.
 */
export function createThumbnails({ ffmpeg, limits }: ThumbnailOptions): Media['thumbnail'] {
  return async (source, found, emit, signal) => {
    signal.throwIfAborted()
    const mime = found.file_mime_type ?? ''
    const tool = () => {
      if (ffmpeg === undefined) throw new MediaError(NO_FFMPEG)
      return { ffmpeg, limits, signal }
    }
    let picture: Buffer
    if (mime.startsWith('image/') || mime === 'application/pdf') {
      picture = await readPicture(source, mime, limits, signal)
    } else if (found.video_streams?.length) {
      picture = await frameOf(source, found, tool())
    } else if (found.audio_streams?.length) {
      picture = await coverOf(source, tool())
    } else if (mime.startsWith('text/')) {
      throw new MediaError('There is no picture of a text document.')
    } else {
      throw new MediaError('There is nothing in the file to make a thumbnail of.')
    }
    signal.throwIfAborted()
    await emit(NAME, single(picture))
  }
}

/** In a program of its own: pictures of strangers are decoded by native code. */
async function readPicture(
  source: MediaSource,
  mime: string,
  limits: ToolLimits,
  signal: AbortSignal,
): Promise<Buffer> {
  const result = await runReader(['thumbnail', source.url, mime], limits, signal)
  if (result.ok && result.stdout.byteLength > 0) return result.stdout
  if (result.end === 'exit') throw readerError(result, signal)
  throw await explain(result, MAKING, source, limits, signal)
}

async function* single(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}
