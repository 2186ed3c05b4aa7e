import { inflateSync } from 'node:zlib'

/** Streams of objects are short; what inflates to more is something else, or a bomb. */
const MAX_INFLATED = 8 * 1024 * 1024
const MAX_STREAMS = 2000

/**
 * The language that a PDF's catalog names, such as `en-GB`. PDFium can set it but not tell it, so
 * the catalog is looked for, in the open or within compressed streams of objects. The last one
 * counts: changes are appended.
 */
export function pdfLanguage(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1')
  let found = languageIn(text)
  let streams = 0
  for (const match of text.matchAll(/\/Type\s*\/ObjStm\b[\s\S]{0,400}?\bstream\r?\n/g)) {
    if (++streams > MAX_STREAMS) break
    found = languageIn(inflate(bytes.subarray(match.index + match[0].length))) ?? found
  }
  return found
}

function inflate(bytes: Buffer): string {
  try {
    // What follows the stream is not looked at.
    return inflateSync(bytes, { maxOutputLength: MAX_INFLATED }).toString('latin1')
  } catch {
    return ''
  }
}

function languageIn(text: string): string | undefined {
  let found: string | undefined
  for (const catalog of text.matchAll(/\/Type\s*\/Catalog\b/g)) {
    // Its neighbourhood: names of a dictionary come in any order.
    const before = text.lastIndexOf('endobj', catalog.index)
    const end = text.indexOf('endobj', catalog.index)
    const around = text.slice(
      Math.max(before, catalog.index - 2000, 0),
      Math.min(end < 0 ? text.length : end, catalog.index + 2000),
    )
    const [, plain, hex] =
      /\/Lang\s*(?:\(([^)]{1,100})\)|<([\da-fA-F\s]{1,400})>)/.exec(around) ?? []
    const raw = plain ?? (hex && Buffer.from(hex.replace(/\s/g, ''), 'hex').toString('latin1'))
    const wide = raw?.startsWith('\xfe\xff')
    const language = wide ? Buffer.from(raw!.slice(2), 'latin1').swap16().toString('utf16le') : raw
    // RFC 3066 tags only.
    if (language && /^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$/.test(language)) found = language
  }
  return found
}
