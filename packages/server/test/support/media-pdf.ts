import { createHash } from 'node:crypto'

/** What the PDFs below say about themselves. */
const INFO = {
  Title: 'A plan (draft)',
  Author: 'Zoë',
  Subject: 'Plans',
  Keywords: 'plan, draft',
  Creator: 'A typewriter',
  Producer: 'A test',
  CreationDate: "D:20240301133000+01'00'",
  ModDate: 'D:20240302',
}

/** A PDF 1.6 of two pages, tagged, in British English. */
export function makePdf(): Buffer {
  return assemble(objects(), '')
}

/**
 * The same, encrypted with the oldest of the standard ways (PDF 1.7, 7.6: revision 2, RC4 of 40
 * bits).
 *
 * @param password that opens it; with `''` everyone may
 */
export function makeEncryptedPdf(password: string): Buffer {
  const id = Buffer.from('0123456789abcdef')
  const permissions = -4
  const ownerKey = md5(padded(password)).subarray(0, 5)
  const owner = rc4(ownerKey, padded(password))
  const flags = Buffer.alloc(4)
  flags.writeInt32LE(permissions)
  const key = md5(padded(password), owner, flags, id).subarray(0, 5)
  const user = rc4(key, PADDING)
  const plain = objects()
  const encrypted = plain.map((object, at) => {
    const suffix = Buffer.from([at + 1, 0, 0, 0, 0])
    const own = md5(key, suffix).subarray(0, 10)
    return object.replaceAll(/<([\da-f]*)>(?!>)/g, (_, hex: string) => {
      return `<${rc4(own, Buffer.from(hex, 'hex')).toString('hex')}>`
    })
  })
  encrypted.push(
    `<</Filter /Standard /V 1 /R 2 /P ${permissions} /O <${owner.toString('hex')}> ` +
      `/U <${user.toString('hex')}>>>`,
  )
  const hexId = id.toString('hex')
  return assemble(encrypted, `/Encrypt ${encrypted.length} 0 R /ID [<${hexId}> <${hexId}>]`)
}

function objects(): string[] {
  const info = Object.entries(INFO).map(([name, text]) => `/${name} ${inHex(text)}`)
  return [
    `<</Type /Catalog /Pages 2 0 R /Lang ${inHex('en-GB', false)} /MarkInfo <</Marked true>>>>`,
    '<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>',
    '<</Type /Page /Parent 2 0 R /MediaBox [0 0 595.28 841.89]>>',
    '<</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100]>>',
    `<<${info.join(' ')} >>`,
  ]
}

/** UTF-16 with a mark at its start, as texts of PDF are where Latin letters do not do. */
function inHex(text: string, wide = true): string {
  const bytes = wide ? Buffer.from(`\ufeff${text}`, 'utf16le').swap16() : Buffer.from(text)
  return `<${bytes.toString('hex')}>`
}

function assemble(bodies: string[], trailer: string): Buffer {
  let text = '%PDF-1.6\n'
  const offsets = bodies.map((body, at) => {
    const offset = text.length
    text += `${at + 1} 0 obj\n${body}\nendobj\n`
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`)
  const start = text.length
  text += `xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${table.join('')}`
  text += `trailer\n<</Size ${bodies.length + 1} /Root 1 0 R /Info 5 0 R ${trailer}>>\n`
  return Buffer.from(`${text}startxref\n${start}\n%%EOF\n`, 'latin1')
}

const PADDING = Buffer.from(
  '28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a',
  'hex',
)

const padded = (password: string) =>
  Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32)

function md5(...pieces: Buffer[]): Buffer {
  return createHash('md5').update(Buffer.concat(pieces)).digest()
}

/** OpenSSL has it no longer. */
function rc4(key: Buffer, data: Buffer): Buffer {
  const box = Uint8Array.from({ length: 256 }, (_, at) => at)
  let [at, other] = [0, 0]
  const swap = () => ([box[at], box[other]] = [box[other]!, box[at]!])
  for (; at < 256; at++) {
    other = (other + box[at]! + key[at % key.length]!) & 255
    swap()
  }
  ;[at, other] = [0, 0]
  return Buffer.from(data).map((byte) => {
    at = (at + 1) & 255
    other = (other + box[at]!) & 255
    swap()
    return byte ^ box[(box[at]! + box[other]!) & 255]!
  }) as Buffer
}
