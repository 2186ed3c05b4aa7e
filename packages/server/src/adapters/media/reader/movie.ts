import { type Box, findBoxes, listBoxes, readBox, sampleEntries } from '../boxes.ts'
import type { ByteSource } from '../byte-source.ts'
import type { Location } from '../found.ts'
import { iso6709, timecodeOf, utcSeconds } from '../notations.ts'

/** What MP4 and QuickTime say about the whole film, and mediabunny does not pass on. */
export interface Movie {
  /** All of them, in the order of the file. */
  tracks: MovieTrack[]
  creationTime: string | undefined
  timecode: string | undefined
  location: Location | undefined
}

export interface MovieTrack {
  id: number
  /** Width to height of a pixel. */
  pixelAspect: [number, number] | undefined
  scanType: 'progressive' | 'interlaced' | undefined
}

/** QuickTime counts seconds from 1904. */
const EPOCH_1904 = Date.UTC(1904, 0, 1)

export async function readMovie(source: ByteSource): Promise<Movie | undefined> {
  const movie = (await listBoxes(source, 0, source.size)).find(({ type }) => type === 'moov')
  if (!movie) return undefined
  const tracks = await findBoxes(source, movie, 'trak')
  const timecodes = await Promise.all(tracks.map((track) => readTimecode(source, track)))
  return {
    tracks: await Promise.all(tracks.map((track) => readTrack(source, track))),
    creationTime: await readCreationTime(source, movie),
    timecode: timecodes.find(Boolean),
    location: await readLocation(source, movie),
  }
}

/** What comes before the boxes within the description of a picture (ISO/IEC 14496-12, 12.1.3). */
const PICTURE_FIELDS = 78

async function readTrack(source: ByteSource, track: Box): Promise<MovieTrack> {
  const [entry] = await sampleEntries(source, track)
  const pictured = (await findBoxes(source, track, 'mdia minf vmhd')).length > 0
  const boxes =
    entry && pictured ? await listBoxes(source, entry.start + PICTURE_FIELDS, entry.end) : []
  const find = async (type: string, length: number) => {
    const box = boxes.find((candidate) => candidate.type === type)
    const bytes = box && (await readBox(source, box, length))
    return bytes?.length === length ? bytes : undefined
  }
  const aspect = await find('pasp', 8)
  const fields = (await find('fiel', 2))?.[0]
  return {
    id: await readTrackId(source, track),
    pixelAspect: aspect && [aspect.readUInt32BE(0), aspect.readUInt32BE(4)],
    scanType: fields && fields <= 2 ? (fields === 1 ? 'progressive' : 'interlaced') : undefined,
  }
}

async function readTrackId(source: ByteSource, track: Box): Promise<number> {
  const [header] = await findBoxes(source, track, 'tkhd')
  if (!header) return 0
  const bytes = await readBox(source, header, 24)
  return bytes.length < 24 ? 0 : bytes.readUInt32BE(bytes[0] === 1 ? 20 : 12)
}

async function readCreationTime(source: ByteSource, movie: Box): Promise<string | undefined> {
  const [header] = await findBoxes(source, movie, 'mvhd')
  if (!header) return undefined
  const bytes = await readBox(source, header, 12)
  if (bytes.length < 12) return undefined
  const seconds = bytes[0] === 1 ? Number(bytes.readBigUInt64BE(4)) : bytes.readUInt32BE(4)
  return seconds > 0 ? utcSeconds(EPOCH_1904 + seconds * 1000) : undefined
}

/** QuickTime File Format, "Timecode Sample Description"; its only sample is a frame's number. */
async function readTimecode(source: ByteSource, track: Box): Promise<string | undefined> {
  const [entry] = await sampleEntries(source, track)
  if (entry?.type !== 'tmcd') return undefined
  const description = await readBox(source, entry, 25)
  const [offsets] = [
    ...(await findBoxes(source, track, 'mdia minf stbl stco')),
    ...(await findBoxes(source, track, 'mdia minf stbl co64')),
  ]
  if (!offsets || description.length < 25) return undefined
  const table = await readBox(source, offsets, 16)
  if (table.length < 12 || table.readUInt32BE(4) === 0) return undefined
  const at = offsets.type === 'co64' ? Number(table.readBigUInt64BE(8)) : table.readUInt32BE(8)
  const sample = await source.read(at, at + 4)
  const fps = description.readUInt32BE(16) / description.readUInt32BE(20)
  if (sample.length < 4 || !(fps >= 1)) return undefined
  const drop = (description.readUInt32BE(12) & 1) === 1
  return timecodeOf(sample.readUInt32BE(0), fps, drop)
}

/** `©xyz` and 3GPP's `loci` of the user data, or Apple's key among the metadata. */
async function readLocation(source: ByteSource, movie: Box): Promise<Location | undefined> {
  const [[text], [coded], [keyed]] = await Promise.all([
    findBoxes(source, movie, 'udta ©xyz'),
    findBoxes(source, movie, 'udta loci'),
    findBoxes(source, movie, 'meta ilst'),
  ])
  if (text) {
    // The length and the language of the text come first.
    return iso6709((await readBox(source, text, 256)).toString('latin1', 4))
  }
  if (keyed) {
    // The only value that looks like a place.
    const values = (await readBox(source, keyed, 64 * 1024)).toString('latin1')
    const place = iso6709(
      /[+-]\d\d(?:\.\d+)?[+-]\d{3}(?:\.\d+)?(?:[+-][\d.]+)?\//.exec(values)?.[0],
    )
    if (place) return place
  }
  return coded && readLoci(await readBox(source, coded, 512))
}

/** 3GPP TS 26.244, 8.12: a name, a role, then longitude, latitude, altitude in 16.16. */
function readLoci(bytes: Buffer): Location | undefined {
  const name = bytes.indexOf(0, 6)
  const at = name + 2
  if (name < 0 || at + 12 > bytes.length) return undefined
  const [longitude, latitude, altitude] = [0, 4, 8].map(
    (offset) => bytes.readInt32BE(at + offset) / 65536,
  )
  return { latitude: latitude!, longitude: longitude!, altitude }
}
