import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeBox, topBoxes } from './media-boxes.ts'
import { ffmpeg } from './media-samples.ts'

const WIDTH = 64
const HEIGHT = 48

/** A picture as telephones take them: one frame of HEVC in the boxes of HEIF. */
export async function makeHeic(folder: string): Promise<Buffer> {
  const path = join(folder, 'frame.mp4')
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc=size=${WIDTH}x${HEIGHT}:rate=1`, '-frames:v', '1'],
    ...['-c:v', 'libx265', '-pix_fmt', 'yuv420p', '-tag:v', 'hvc1'],
    ...['-x265-params', 'log-level=none:info=0', path],
  )
  const film = await readFile(path)
  const media = topBoxes(film).find(({ type }) => type === 'mdat')!
  const frame = film.subarray(media.at + 8, media.at + media.length)
  const at = film.indexOf('hvcC') - 4
  const configuration = film.subarray(at, at + film.readUInt32BE(at))

  const type = makeBox('ftyp', text('heic'), uint32(0), text('mif1heic'))
  const describe = (offset: number) =>
    full(
      'meta',
      full('hdlr', uint32(0), text('pict'), Buffer.alloc(13)),
      full('pitm', uint16(1)),
      full(
        'iinf',
        uint16(1),
        makeBox('infe', uint32(0x02000000), uint16(1), uint16(0), text('hvc1\0')),
      ),
      // Offsets and lengths of four bytes; one picture in one piece.
      full(
        'iloc',
        ...[uint16(0x4400), uint16(1), uint16(1), uint16(0), uint16(1)],
        ...[uint32(offset), uint32(frame.length)],
      ),
      makeBox(
        'iprp',
        makeBox('ipco', configuration, full('ispe', uint32(WIDTH), uint32(HEIGHT))),
        full('ipma', uint32(1), uint16(1), Buffer.from([2, 0x81, 2])),
      ),
    )
  const start = type.length + describe(0).length + 8
  return Buffer.concat([type, describe(start), makeBox('mdat', frame)])
}

const full = (type: string, ...content: Buffer[]) => makeBox(type, uint32(0), ...content)
const text = (value: string) => Buffer.from(value, 'latin1')

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
