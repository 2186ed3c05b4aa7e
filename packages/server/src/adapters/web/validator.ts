import type { IncomingHttpHeaders } from 'node:http'

/** A strong one, in the form that If-Range takes (RFC 9110 sections 8.8 and 13.1.5). */
export function validatorOf(headers: IncomingHttpHeaders): string | undefined {
  const { etag, date, 'last-modified': lastModified } = headers
  if (etag !== undefined && isStrongEtag(etag)) return etag
  // A date is strong when the file can not have changed twice in its second (section 8.8.2.2).
  const [changed, now] = [parseHttpDate(lastModified ?? ''), parseHttpDate(date ?? '')]
  if (changed === undefined || now === undefined) return undefined
  return now - changed >= 1000 ? lastModified : undefined
}

/** RFC 9110 section 8.8.3, and not so long that keeping it becomes a burden. */
const isStrongEtag = (etag: string) => /^"[\x21\x23-\x7e\x80-\xff]{0,510}"$/.test(etag)

/**
 * Epoch milliseconds of the one form of date that may be sent (RFC 9110 section 5.6.7), as in
 * `Sun, 06 Nov 1994 08:49:37 GMT`; `undefined` for everything else.
 */
export function parseHttpDate(text: string): number | undefined {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toUTCString() === text ? time : undefined
}
