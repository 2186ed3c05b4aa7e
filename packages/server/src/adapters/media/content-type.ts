import { fileTypeFromBuffer } from 'file-type'

/** Enough for every signature file-type knows, tags in front of MP3 included where they are short. */
export const SAMPLE = 64 * 1024

/** What kind of reader a file is for. */
export type Kind = 'streams' | 'image' | 'pdf' | 'text'

/** Containers of video and audio that are not named so. */
const CONTAINERS = [
  'application/ogg',
  'application/mxf',
  'application/vnd.ms-asf',
  'application/vnd.rn-realmedia',
]

/** Images that the reader decodes, or of which it knows the size. */
const IMAGES = [
  ...['image/jpeg', 'image/png', 'image/apng', 'image/gif', 'image/webp', 'image/avif'],
  ...['image/tiff', 'image/heic', 'image/heif', 'image/heic-sequence', 'image/heif-sequence'],
]

/** The endings of texts, which have no signature. */
const TEXTS: Record<string, string> = {
  txt: 'text/plain',
  md: 'text/markdown',
  markdown: 'text/markdown',
}

/** Which reader `mimeType` is for; `undefined` when there is none. */
export function kindOf(mimeType: string): Kind | undefined {
  if (/^(video|audio)\//.test(mimeType) || CONTAINERS.includes(mimeType)) return 'streams'
  if (IMAGES.includes(mimeType)) return 'image'
  if (mimeType === 'application/pdf') return 'pdf'
  return Object.values(TEXTS).includes(mimeType) ? 'text' : undefined
}

/** The ending that says "this is a document", in lower case; `undefined` for all other names. */
export function documentEnding(filename: string): string | undefined {
  const ending = /\.([a-z]+)$/i.exec(filename)?.[1]?.toLowerCase()
  return ending === 'pdf' || (ending && Object.hasOwn(TEXTS, ending)) ? ending : undefined
}

/**
 * The MIME type that the first bytes of a file show. Texts have no signature: there the name says
 * so, and the sample has to agree.
 *
 * @param whole that `sample` is all of the file
 */
export async function detectType(
  sample: Buffer,
  whole: boolean,
  filename: string,
): Promise<string | undefined> {
  const ending = documentEnding(filename)
  const textType = ending && TEXTS[ending]
  // Before signatures: some are two letters, and a text may well begin with "BM".
  if (textType && isText(sample, whole) && !sample.subarray(0, 1024).includes('%PDF-')) {
    return textType
  }
  // No file of ours: what it thinks of bytes that break off early.
  const found = await fileTypeFromBuffer(sample).catch(() => undefined)
  return found?.mime.replace(/;.*/, '')
}

function isText(sample: Buffer, whole: boolean): boolean {
  if (sample.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: !whole })
    return true
  } catch {
    return false
  }
}
