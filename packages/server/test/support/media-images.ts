import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

const WIDTH = 48
const HEIGHT = 32

/** A gradient, so that no part of a file can go missing unseen. */
function gradient(channels: 3 | 4, frames = 1) {
  const pixels = Buffer.from(
    Array.from({ length: WIDTH * HEIGHT * frames * channels }, (_, at) => (at * 37) % 251),
  )
  return sharp(pixels, {
    raw: {
      width: WIDTH,
      height: HEIGHT * frames,
      channels,
      ...(frames > 1 && { pageHeight: HEIGHT }),
    },
  })
}

/** Taken at the Eiffel Tower, with the camera held upright. */
const EXIF = {
  IFD3: {
    ...{ GPSLatitudeRef: 'N', GPSLatitude: '48/1 51/1 3024/100' },
    ...{ GPSLongitudeRef: 'W', GPSLongitude: '2/1 17/1 4020/100' },
    ...{ GPSAltitudeRef: '0', GPSAltitude: '35/1' },
  },
}

/** File name → its bytes. */
export const IMAGES = {
  'photo.jpg': () => gradient(3).withExif(EXIF).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  'clear.png': () => gradient(4).png().toBuffer(),
  'deep.png': () => gradient(3).toColourspace('rgb16').png().toBuffer(),
  'moving.gif': () =>
    gradient(3, 3)
      .gif({ delay: [100, 100, 100] })
      .toBuffer(),
  'still.gif': () => gradient(3).gif().toBuffer(),
  'still.webp': () => gradient(3).webp().toBuffer(),
  'moving.webp': () =>
    gradient(3, 3)
      .webp({ delay: [100, 100, 100] })
      .toBuffer(),
  'still.avif': () => gradient(3).avif().toBuffer(),
  'page.tiff': () => gradient(3).tiff().toBuffer(),
} as const satisfies Record<string, () => Promise<Buffer>>

export async function makeImage(folder: string, name: keyof typeof IMAGES): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, await IMAGES[name]())
  return path
}

/** A PNG of a few kilobytes that unpacks to `side` by `side` pixels. */
export function hugePng(side: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  // One bit of grey for each pixel.
  header.set([1, 0, 0, 0, 0], 8)
  const lines = deflateSync(Buffer.alloc((1 + Math.ceil(side / 8)) * Math.min(side, 1000)))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[part('IHDR', header), part('IDAT', lines), part('IEND', Buffer.alloc(0))],
  ])
}

function part(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
