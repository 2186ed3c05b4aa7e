import { type Box, findBoxes, listBoxes, sampleEntries } from './boxes.ts'
import type { ByteSource } from './byte-source.ts'
import { PROBLEMS } from './problems.ts'

// What the outermost structure of a container says about its completeness. Readers of media are
// content with what they get; a file that was cut off plays until it does not.

/** Why a file of this type cannot be used, as far as its outermost structure shows. */
export async function checkStructure(
  source: ByteSource,
  mimeType: string,
): Promise<string | undefined> {
  const head = await source.read(0, 12)
  const magic = head.toString('latin1')
  if (magic.slice(4, 8) === 'ftyp' || mimeType === 'video/quicktime') return checkBoxes(source)
  if (magic.startsWith('\x1a\x45\xdf\xa3')) return checkMatroska(source)
  if (/^RIFF....(WAVE|AVI )/s.test(magic)) return checkRiff(source, head)
  if (magic.startsWith('OggS')) return checkOgg(source)
  return undefined
}

/** Boxes whose length is to be believed; anything else may be rubbish behind a whole file. */
const KNOWN = /^(ftyp|moov|mdat|moof|mfra|sidx|ssix|styp|free|skip|wide|uuid|meta|pdin|emsg|prft)$/

async function checkBoxes(source: ByteSource): Promise<string | undefined> {
  const boxes = await listBoxes(source, 0, source.size)
  const cut = boxes.some(({ type, end }) => KNOWN.test(type) && end > source.size)
  if (cut) return PROBLEMS.cutOff
  const movie = boxes.find(({ type }) => type === 'moov')
  if (!movie) return PROBLEMS.cutOff
  return (await isProtected(source, movie)) ? PROBLEMS.protected : undefined
}

/** Common encryption (ISO/IEC 23001-7) renames the coding of a track. */
async function isProtected(source: ByteSource, movie: Box): Promise<boolean> {
  for (const track of await findBoxes(source, movie, 'trak')) {
    const entries = await sampleEntries(source, track)
    if (entries.some(({ type }) => /^(encv|enca|drmi|drms)$/.test(type))) return true
  }
  return false
}

/** EBML (RFC 8794): the header, then one Segment that says how long it is. */
async function checkMatroska(source: ByteSource): Promise<string | undefined> {
  const header = await readElement(source, 4)
  if (!header) return PROBLEMS.cutOff
  const segment = await readElement(source, header + 4)
  return segment && segment > source.size ? PROBLEMS.cutOff : undefined
}

/** Where the element ends whose length stands at `at`; `undefined` when it does not say. */
async function readElement(source: ByteSource, at: number): Promise<number | undefined> {
  const bytes = await source.read(at, at + 8)
  const width = Math.clz32(bytes[0] ?? 0) - 23
  if (width > 8 || bytes.length < width) return undefined
  let length = BigInt(bytes[0]!) & ((1n << BigInt(8 - width)) - 1n)
  for (const byte of bytes.subarray(1, width)) length = (length << 8n) | BigInt(byte)
  const unknown = length === (1n << BigInt(7 * width)) - 1n
  return unknown ? undefined : at + width + Number(length)
}

function checkRiff(source: ByteSource, head: Buffer): string | undefined {
  const length = head.readUInt32LE(4)
  // Both mean that the writer could not go back to fill it in; the pad byte is often forgotten.
  if (length === 0 || length === 0xffffffff) return undefined
  return length + 8 > source.size + 1 ? PROBLEMS.cutOff : undefined
}

/** The longest page of Ogg (RFC 3533): header, 255 lengths and as many segments of 255 bytes. */
const LONGEST_PAGE = 27 + 255 + 255 * 255

async function checkOgg(source: ByteSource): Promise<string | undefined> {
  const tail = await source.read(Math.max(0, source.size - LONGEST_PAGE), source.size)
  const page = tail.lastIndexOf('OggS')
  if (page < 0) return undefined
  const lengths = tail.subarray(page + 27, page + 27 + (tail[page + 26] ?? 0))
  const whole = lengths.reduce((sum, length) => sum + length, page + 27 + lengths.length)
  const cut = tail.length < page + 27 || lengths.length < tail[page + 26]! || whole > tail.length
  return cut ? PROBLEMS.cutOff : undefined
}
