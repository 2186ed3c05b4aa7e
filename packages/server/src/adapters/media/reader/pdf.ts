import { PDFiumLibrary } from '@hyzyla/pdfium'
import type { TechnicalMetadata } from '@partway/protocol'
import { MediaError } from '../../../core/media-port.ts'
import type { ByteSource } from '../byte-source.ts'
import { known, positive, round } from '../found.ts'
import { pdfDate } from '../notations.ts'
import { PROBLEMS } from '../problems.ts'
import type { Answer } from '../reader.ts'
import { pdfLanguage } from './pdf-language.ts'
import { type Pdfium, withMemory } from './pdfium.ts'

/** A PDF is held in memory twice, once of it inside PDFium, which has 32-bit addresses. */
const MAX_SIZE = 1024 ** 3
/** Longest text that is passed on, in characters. */
const MAX_TEXT = 2000

/** `FPDF_GetLastError`. */
const PASSWORD = 4
const SECURITY = 5

/** Reads a PDF with PDFium. One that needs a password is told as far as can be without. */
export async function readPdf(source: ByteSource): Promise<Answer> {
  if (source.size > MAX_SIZE) return { metadata: {}, problem: PROBLEMS.costly }
  const bytes = await source.read(0, source.size)
  // The wrapper offers pages and pictures only; the rest of PDFium is behind it.
  const library = (await PDFiumLibrary.init()) as unknown as { module: Pdfium }
  const pdfium = library.module
  const content = pdfium._malloc(bytes.length)
  if (!content) throw new MediaError(PROBLEMS.costly)
  pdfium.HEAPU8.set(bytes, content)
  const document = pdfium._FPDF_LoadMemDocument64(content, bytes.length, 0)
  if (!document) {
    const locked = [PASSWORD, SECURITY].includes(pdfium._FPDF_GetLastError())
    if (!locked) throw new MediaError(PROBLEMS.damaged)
    const metadata = { ...versionInHeader(bytes), document_is_encrypted: true }
    return { metadata: known<TechnicalMetadata>(metadata) }
  }
  const pages = pdfium._FPDF_GetPageCount(document)
  const metadata = describe(pdfium, document, bytes, pages)
  return { metadata, problem: pages === 0 ? PROBLEMS.damaged : undefined }
}

function describe(
  pdfium: Pdfium,
  document: number,
  bytes: Buffer,
  pages: number,
): TechnicalMetadata {
  const text = (name: string) => metaText(pdfium, document, name)
  const date = (name: string) => pdfDate(text(name) ?? '')
  const encrypted = pdfium._FPDF_GetSecurityHandlerRevision(document) !== -1
  const [width, height] = firstPageSize(pdfium, document)
  return known<TechnicalMetadata>({
    document_page_count: positive(pages),
    document_pdf_version: version(pdfium, document),
    document_page_width_pt: round(positive(width), 2),
    document_page_height_pt: round(positive(height), 2),
    document_is_tagged: pdfium._FPDFCatalog_IsTagged(document) !== 0,
    document_is_encrypted: encrypted,
    // What is encrypted is so throughout, down to the texts of the catalog.
    document_language: encrypted ? undefined : pdfLanguage(bytes),
    document_title: text('Title'),
    document_author: text('Author'),
    document_subject: text('Subject'),
    document_keywords: text('Keywords'),
    document_creator_tool: text('Creator'),
    document_producer: text('Producer'),
    document_creation_date: date('CreationDate'),
    document_modification_date: date('ModDate'),
  })
}

/** An entry of the information dictionary, without what is no character. */
function metaText(pdfium: Pdfium, document: number, name: string): string | undefined {
  const tag = Buffer.from(`${name}\0`, 'latin1')
  return withMemory(pdfium, tag.length, (tagAt) => {
    pdfium.HEAPU8.set(tag, tagAt)
    const length = pdfium._FPDF_GetMetaText(document, tagAt, 0, 0)
    if (length <= 2) return undefined
    return withMemory(pdfium, length, (at) => {
      pdfium._FPDF_GetMetaText(document, tagAt, at, length)
      const text = Buffer.from(pdfium.HEAPU8.subarray(at, at + length - 2)).toString('utf16le')
      return text
        .toWellFormed()
        .replace(/\p{Cc}+/gu, ' ')
        .trim()
        .slice(0, MAX_TEXT)
    })
  })
}

/** PDFium counts 17 for 1.7. */
function version(pdfium: Pdfium, document: number): string | undefined {
  return withMemory(pdfium, 4, (at) => {
    if (!pdfium._FPDF_GetFileVersion(document, at)) return undefined
    const number = pdfium.HEAP32[at / 4]!
    return number > 0 ? `${Math.floor(number / 10)}.${number % 10}` : undefined
  })
}

function versionInHeader(bytes: Buffer): TechnicalMetadata {
  const found = /%PDF-(\d\.\d)/.exec(bytes.toString('latin1', 0, 1024))
  return known<TechnicalMetadata>({ document_pdf_version: found?.[1] })
}

/** Points, rotated as the page says. */
function firstPageSize(pdfium: Pdfium, document: number): [number?, number?] {
  return withMemory(pdfium, 16, (at) => {
    if (!pdfium._FPDF_GetPageSizeByIndex(document, 0, at, at + 8)) return []
    return [pdfium.HEAPF64[at / 8]!, pdfium.HEAPF64[at / 8 + 1]!]
  })
}
