import { fileTypeFromBuffer } from 'file-type'
import type { Media } from '../../core/ports.ts'

/** Enough for every signature file-type knows, tags in front of MP3 included where they are short. */
const SAMPLE = 64 * 1024

/** `Media` that looks at the first bytes only. */
export function createSniffer(): Media {
  return {
    async detect(read, size) {
      const pieces: Uint8Array[] = []
      for await (const piece of read(0, Math.min(size, SAMPLE) - 1)) pieces.push(piece)
      const found = await fileTypeFromBuffer(Buffer.concat(pieces))
      return found && /^(video|audio|image|application)\//.test(found.mime) ? found.mime : undefined
    },
  }
}
