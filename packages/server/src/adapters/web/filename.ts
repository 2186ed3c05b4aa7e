import { parse } from 'content-disposition'

/** Characters, so that the name also fits where others keep it. */
const LONGEST = 255

/**
 * What a file is called: by its Content-Disposition (RFC 6266), else by the last part of the URL's
 * path. A name only, without folders and control characters; `undefined` when there is none.
 *
 * @param header as `node:http` gives it, one character per byte
 */
export function filenameOf(header: string | undefined, url: URL): string | undefined {
  return clean(fromHeader(header)) ?? clean(fromPath(url))
}

function fromHeader(header = ''): string | undefined {
  const { filename, 'filename*': extended } = parse(header).parameters
  // `filename*` wins and comes decoded. In the other one only ASCII is sure to be understood;
  // those who send more send UTF-8.
  return extended === undefined ? fromBytes(filename ?? '') : filename
}

function fromPath(url: URL): string | undefined {
  try {
    return decodeURIComponent(url.pathname.split('/').findLast((part) => part !== '') ?? '')
  } catch {
    return undefined
  }
}

/** The text of a header that may be UTF-8 although headers are not. */
export function fromBytes(header: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'latin1'))
  } catch {
    return header
  }
}

/** Also without the marks that turn the direction of text around: they can fake a file's type. */
function clean(name = ''): string | undefined {
  const last = name.split(/[/\\]/).at(-1)!
  const printable = last
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
    .toWellFormed()
    .trim()
  const short = [...printable].slice(0, LONGEST).join('').trim()
  return /^\.{0,2}$/.test(short) ? undefined : short
}
