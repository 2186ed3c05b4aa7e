/**
 * Fetches files from elsewhere on behalf of users. It never connects to an address that is not
 * globally reachable, unless a setting names its range: every address is resolved once, checked
 * and pinned for the socket, at every redirect again.
 */
export interface Web {
  /**
   * One GET, redirects followed. Resolves with the headers; the body is read from the socket as
   * it is iterated, and leaving the iteration closes the connection. A body that nobody wants has
   * to be left too, or its signal aborted.
   *
   * @throws SourceError
   */
  get(url: string, request: WebRequest): Promise<WebResponse>
}

export interface WebRequest {
  /** Bytes from `start` to `end` (inclusive; absent: to the last). */
  range?: { start: number; end?: number }
  /** Of an earlier answer: the range counts only while the file is still that one (If-Range). */
  validator?: string
  signal: AbortSignal
}

export interface WebResponse {
  /** Bytes of the whole file; `undefined` when the other side does not say. */
  size: number | undefined
  /** The first byte that `body` has: the one asked for, or 0 when the range was not honoured. */
  start: number
  /** `body` is the range that was asked for, not the whole file. */
  partial: boolean
  /** The other side serves ranges. */
  ranges: boolean
  /** A strong ETag, or Last-Modified where it is strong (RFC 9110 section 8.8.2.2). */
  validator: string | undefined
  /** From Content-Disposition, or the last part of the final URL's path; `undefined` when neither says. */
  filename: string | undefined
  /** @throws SourceError when the connection breaks, stalls, or ends before the announced length */
  body: AsyncIterable<Uint8Array>
}

/** Why a file could not be fetched. The message is for people and names hosts, never whole URLs. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  /** Worth trying again: it may be over soon. */
  readonly transient: boolean
  /** Seconds that the other side asked us to wait. */
  readonly retryAfter: number | undefined

  constructor(
    message: string,
    options: { transient: boolean; retryAfter?: number | undefined; cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.transient = options.transient
    this.retryAfter = options.retryAfter
  }
}
