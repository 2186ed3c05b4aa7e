import { fileTypeFromBuffer } from 'file-type'
import type { Inspection, Media } from '../../core/ports.ts'

/** What this `Media` says of files, and what it makes of them. */
export interface MemoryMedia extends Media {
  /** The answer to the next inspections; by default a film of two seconds. */
  found: Inspection
}

/** `Media` that opens no file: it answers what it was told to. */
export function createMemoryMedia(): MemoryMedia {
  const media: MemoryMedia = {
    found: {
      mimeType: 'video/mp4',
      duration: 2,
      technicalMetadata: { total_video_streams: 1, total_audio_streams: 1, has_audio: true },
      problem: undefined,
    },
    async detect(head, filename) {
      if (/\.(txt|md)$/.test(filename))
        return filename.endsWith('md') ? 'text/markdown' : 'text/plain'
      return (await fileTypeFromBuffer(head))?.mime
    },
    async inspect() {
      return media.found
    },
    async thumbnail(_source, _found, emit) {
      await emit('thumbnail.jpg', bytes('a picture'))
    },
    async hls(_source, _found, emit) {
      await emit('segment-1.m4s', bytes('a segment'))
      await emit('manifest.m3u8', bytes('#EXTM3U\nsegment-1.m4s\n'))
    },
  }
  return media
}

async function* bytes(text: string) {
  yield new TextEncoder().encode(text)
}
