/** The functions of PDFium that we call (its public headers, fpdfview.h and fpdf_doc.h). */
export interface Pdfium {
  HEAPU8: Uint8Array
  HEAP32: Int32Array
  HEAPF64: Float64Array
  _malloc(size: number): number
  _free(at: number): void
  /** @returns 0 when it cannot be opened */
  _FPDF_LoadMemDocument64(content: number, size: number, password: number): number
  _FPDF_GetLastError(): number
  _FPDF_GetPageCount(document: number): number
  _FPDF_GetFileVersion(document: number, version: number): number
  _FPDF_GetPageSizeByIndex(document: number, page: number, width: number, height: number): number
  /** @returns bytes of UTF-16 with the final NUL, 2 for an empty text, 0 for none */
  _FPDF_GetMetaText(document: number, tag: number, buffer: number, length: number): number
  /** @returns -1 when the document is not encrypted */
  _FPDF_GetSecurityHandlerRevision(document: number): number
  _FPDFCatalog_IsTagged(document: number): number
}

/** Lends `size` bytes of PDFium's memory to `use`, aligned for numbers. */
export function withMemory<T>(pdfium: Pdfium, size: number, use: (at: number) => T): T {
  const at = pdfium._malloc(size)
  if (!at) throw new RangeError('Array buffer allocation failed')
  try {
    return use(at)
  } finally {
    pdfium._free(at)
  }
}
