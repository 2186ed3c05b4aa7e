import type { TechnicalMetadata } from '@partway/protocol'
import sharp, { type Metadata } from 'sharp'
import { MediaError } from '../../../core/media-port.ts'
import { listBoxes } from '../boxes.ts'
import type { ByteSource } from '../byte-source.ts'
import { aspect, describeLocation, known, positive } from '../found.ts'
import { PROBLEMS } from '../problems.ts'
import type { Answer } from '../reader.ts'
import { exifLocation } from './exif.ts'
import { endsProperly } from './gif.ts'

/** Pixels of one image, all its frames together: sharp's own limit, 16383 by 16383. */
const MAX_PIXELS = 16_383 ** 2
/** All of it is held in memory. */
const MAX_SIZE = 512 * 1024 ** 2

// Only decoders that are meant for files of strangers: no SVG, nothing that leads elsewhere.
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif']
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({ operation: LOADERS.map((name) => `VipsForeignLoad${name}`) })
sharp.cache(false)
sharp.concurrency(1)

/** Reads an image's properties, then decodes all of it to see that it can be. */
export async function readImage(source: ByteSource, mimeType: string): Promise<Answer> {
  if (source.size > MAX_SIZE) return { metadata: {}, problem: PROBLEMS.costly }
  const bytes = await source.read(0, source.size)
  const found = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw new MediaError(PROBLEMS.damaged, { cause })
    })
  const metadata = describeImage(found, mimeType)
  if (await isCutOff(source, found.format, bytes)) return { metadata, problem: PROBLEMS.cutOff }
  const frames = found.pages ?? 1
  if (found.width * found.height > MAX_PIXELS) return { metadata, problem: PROBLEMS.tooManyPixels }
  // HEVC cannot be decoded here, for its patents.
  if (found.compression === 'hevc') return { metadata }
  // Of an animation that is too long to decode, the first picture has to do.
  const pages = found.width * found.height * frames <= MAX_PIXELS ? -1 : 1
  return { metadata, problem: await tryDecoding(bytes, found.format === 'tiff' ? 1 : pages) }
}

/** For the formats where decoding does not show it. */
async function isCutOff(source: ByteSource, format: string, bytes: Buffer): Promise<boolean> {
  if (format === 'gif') return !endsProperly(bytes)
  if (format !== 'heif') return false
  return (await listBoxes(source, 0, source.size)).some(({ end }) => end > source.size)
}

async function tryDecoding(bytes: Buffer, pages: number): Promise<string | undefined> {
  try {
    await sharp(bytes, {
      ...{ failOn: 'error', limitInputPixels: MAX_PIXELS, sequentialRead: true, pages },
    })
      // Makes it read every line, and keeps none.
      .resize(8, 8, { fit: 'fill', fastShrinkOnLoad: false })
      .raw()
      .toBuffer()
    return undefined
  } catch (error) {
    const many = /pixel limit/.test((error as Error).message)
    return many ? PROBLEMS.tooManyPixels : PROBLEMS.undecodable
  }
}

function describeImage(found: Metadata, mimeType: string): TechnicalMetadata {
  const { width, height, orientation } = found
  return known<TechnicalMetadata>({
    image_width: positive(width),
    image_height: positive(height),
    image_format: found.compression === 'av1' ? 'avif' : found.format,
    image_orientation: orientation && orientation <= 8 ? orientation : undefined,
    image_color_space: found.space,
    image_bit_depth: positive(found.bitsPerSample) ?? DEPTHS[found.depth],
    has_alpha: found.hasAlpha,
    is_animated: isAnimated(found, mimeType),
    storage_aspect_ratio: aspect(width, height),
    ...describeLocation(exifLocation(found.exif)),
  })
}

/** The pages of a TIFF do not move; of a PNG that does sharp sees the first picture only. */
function isAnimated({ pages = 1, format }: Metadata, mimeType: string): boolean {
  return mimeType === 'image/apng' || (pages > 1 && ['gif', 'webp', 'heif'].includes(format))
}

const DEPTHS: Record<string, number> = { char: 8, uchar: 8, short: 16, ushort: 16, float: 32 }
