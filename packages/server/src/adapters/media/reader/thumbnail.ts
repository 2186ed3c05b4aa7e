import { PDFiumLibrary } from '@hyzyla/pdfium'
import sharp, { type Sharp } from 'sharp'
import { MediaError } from '../../../core/media-port.ts'
import { UnreachableSourceError } from '../byte-source.ts'

const MAX_SIDE = 1280

/** All of it is in memory while it is read, and what it unpacks to as well. */
const MAX_BYTES = 512 * 1024 * 1024

/** What sharp has decoders for that are meant for files of strangers; no SVG, no raw formats. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map(
  (name) => `VipsForeignLoad${name}`,
)

/** Writes a JPEG of an image or of the first page of a PDF to standard output. */
export async function thumbnail(url: string, mime: string): Promise<void> {
  const bytes = await download(url)
  const picture = mime === 'application/pdf' ? await firstPage(bytes) : image(bytes)
  const jpeg = await picture
    .flatten({ background: 'white' })
    .jpeg({ quality: 82 })
    .toBuffer()
    .catch((error: Error) => {
      throw new MediaError(sentenceOf(error.message))
    })
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(jpeg, (error) => (error ? reject(error) : resolve()))
  })
}

function image(bytes: Uint8Array): Sharp {
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: LOADERS })
  sharp.concurrency(1)
  // Of an animation this is the first frame. Metadata is not kept, colours become sRGB.
  return sharp(bytes, { failOn: 'none' })
    .autoOrient()
    .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true })
}

/** A page has no pixels of its own: it is drawn as large as it may be. */
async function firstPage(bytes: Uint8Array): Promise<Sharp> {
  const library = await PDFiumLibrary.init()
  const document = await library.loadDocument(bytes).catch((error: Error) => {
    throw new MediaError(
      /password/i.test(error.message)
        ? 'The document is protected by a password.'
        : 'The document is damaged.',
    )
  })
  if (document.getPageCount() === 0) throw new MediaError('The document has no pages.')
  const page = document.getPage(0)
  const { originalWidth, originalHeight } = page.getOriginalSize()
  const factor = MAX_SIDE / Math.max(originalWidth, originalHeight)
  const { width, height, data } = await page.render({
    width: Math.max(1, Math.round(originalWidth * factor)),
    height: Math.max(1, Math.round(originalHeight * factor)),
    render: 'bitmap',
    renderFormFields: true,
  })
  return sharp(data, { raw: { width, height, channels: 4 } })
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new UnreachableSourceError('the source does not answer', { cause })
  })
  if (!response.ok) throw new UnreachableSourceError(`the source answers ${response.status}`)
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body!) {
    size += piece.byteLength
    if (size > MAX_BYTES) {
      throw new MediaError('The file is too large to make a thumbnail of: the limit is 512 MiB.')
    }
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function sentenceOf(message: string): string {
  if (/pixel limit/i.test(message)) return 'The image has too many pixels to make a thumbnail of.'
  if (/unsupported|not supported|blocked/i.test(message)) {
    return 'There are no thumbnails of images of this format.'
  }
  return 'The image is damaged.'
}
