import { streamRange } from './byte-source.ts'

/**
 * Whether all of a file is UTF-8 without NUL.
 *
 * @throws UnreachableSourceError when the source does not answer
 */
export async function isTextThroughout(
  url: string,
  size: number,
  signal: AbortSignal,
): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const piece of streamRange(url, 0, size, signal)) {
    if (piece.includes(0) || !decodes(() => decoder.decode(piece, { stream: true }))) return false
  }
  return decodes(() => decoder.decode())
}

function decodes(attempt: () => string): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}
