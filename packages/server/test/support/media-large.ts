import { open, readFile } from 'node:fs/promises'
import { makeBox, rewriteBox, topBoxes } from './media-boxes.ts'

/**
 * Makes a film with `moov` at its end look like one of `size` bytes: its media data comes last in
 * an `mdat` that begins with a hole. The file is sparse and takes next to nothing on disk.
 *
 * @param path of an MP4 whose boxes are ftyp, any others, mdat, moov
 */
export async function makeLargeMp4(path: string, large: string, size: number): Promise<void> {
  const film = await readFile(path)
  const boxes = topBoxes(film)
  const media = boxes.find(({ type }) => type === 'mdat')!
  const movie = boxes.find(({ type }) => type === 'moov')!
  const head = film.subarray(0, media.at)
  const data = film.subarray(media.at + 8, media.at + media.length)

  const growth = withLongOffsets(film.subarray(movie.at, movie.at + movie.length), 0).length
  const mediaStart = head.length
  const mediaLength = size - mediaStart - growth
  const dataStart = mediaStart + mediaLength - data.length
  const shift = dataStart - (media.at + 8)
  const header = Buffer.alloc(16)
  header.writeUInt32BE(1, 0)
  header.write('mdat', 4, 'latin1')
  header.writeBigUInt64BE(BigInt(mediaLength), 8)

  await using file = await open(large, 'w')
  await file.write(head, 0, head.length, 0)
  await file.write(header, 0, header.length, mediaStart)
  await file.write(data, 0, data.length, dataStart)
  const end = withLongOffsets(film.subarray(movie.at, movie.at + movie.length), shift)
  await file.write(end, 0, end.length, mediaStart + mediaLength)
}

/** A box with every `stco` in it made a `co64` whose offsets are `shift` bytes further on. */
function withLongOffsets(movie: Buffer, shift: number): Buffer {
  return rewriteBox(movie, (type, box) => {
    if (type !== 'stco') return undefined
    const count = box.readUInt32BE(12)
    const offsets = Buffer.alloc(8 * count)
    for (let index = 0; index < count; index++) {
      offsets.writeBigUInt64BE(BigInt(box.readUInt32BE(16 + 4 * index) + shift), 8 * index)
    }
    return makeBox('co64', box.subarray(8, 16), offsets)
  })
}
