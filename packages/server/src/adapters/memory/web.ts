import { SourceError, type Web } from '../../core/ports.ts'

export interface MemoryPage {
  bytes: Uint8Array
  /** Without one, nothing can be resumed. */
  validator: string | undefined
  /** @default true */
  ranges?: boolean
}

/** `Web` whose pages are a map, by URL. */
export function createMemoryWeb(
  pages = new Map<string, MemoryPage>(),
): Web & { pages: typeof pages } {
  return {
    pages,
    async get(url, { range, validator, signal }) {
      signal.throwIfAborted()
      const page = pages.get(url)
      if (!page) {
        throw new SourceError(`${new URL(url).host} answered 404.`, { transient: false })
      }
      const { bytes, ranges = true } = page
      const same = validator === undefined || validator === page.validator
      const partial = ranges && same && range !== undefined && range.start < bytes.byteLength
      const part = partial ? bytes.subarray(range.start, (range.end ?? Infinity) + 1) : bytes
      async function* body() {
        yield Uint8Array.from(part)
      }
      return {
        ...{ size: bytes.byteLength, start: partial ? range.start : 0, partial, ranges },
        ...{ validator: page.validator, filename: undefined, body: body() },
      }
    },
  }
}
