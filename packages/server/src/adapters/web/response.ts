import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { SourceError, type WebRequest } from '../../core/web-port.ts'
import { refusal } from './errors.ts'
import { parseHttpDate } from './validator.ts'

/** Where the bytes of an answer lie in the file. */
export interface Extent {
  start: number
  /** Bytes of the whole file, where known. */
  size: number | undefined
  /** Bytes that the body has to have, where known. */
  length: number | undefined
  /** It is a part of the file, asked for as a range. */
  partial: boolean
  ranges: boolean
}

const RETRIED_STATUSES = [408, 425, 429]

/**
 * What the headers say about the body, if there is one that can be used.
 *
 * @throws SourceError
 */
export function readHeaders(
  host: string,
  { statusCode: status = 0, headers }: IncomingMessage,
  { range }: WebRequest,
): Extent {
  if (status === 416 && range) {
    // Of what is there at all, the first byte can be had.
    if (range.start === 0) throw refusal(`The file at ${host} is empty.`)
    throw refusal(`${host} answered 416: it does not have the bytes that were asked for.`)
  }
  if (status !== 200 && !(status === 206 && range)) throw badStatus(host, status, headers)
  if (isCoded(headers)) throw refusal(`${host} sent the file compressed, which it was told not to.`)
  return status === 206 ? partOf(host, headers, range!) : wholeOf(headers)
}

/** What is compressed has other bytes, and other ranges, than the file. */
function isCoded(headers: IncomingHttpHeaders): boolean {
  const content = headers['content-encoding']?.trim().toLowerCase() || 'identity'
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() || 'chunked'
  return content !== 'identity' || transfer !== 'chunked'
}

function wholeOf(headers: IncomingHttpHeaders): Extent {
  const size = lengthOf(headers)
  const ranges = /^\s*bytes\s*$/i.test(headers['accept-ranges'] ?? '')
  return { start: 0, size, length: size, partial: false, ranges }
}

/** RFC 9110 section 14.4. */
function partOf(
  host: string,
  headers: IncomingHttpHeaders,
  asked: { start: number; end?: number },
): Extent {
  const pattern = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i
  // A multipart/byteranges body has its ranges inside; we ask for one only, so nobody should.
  const match = pattern.exec(headers['content-range'] ?? '')
  const [start, end] = [Number(match?.[1]), Number(match?.[2])]
  const size = match?.[3] === '*' ? undefined : Number(match?.[3])
  const sent = lengthOf(headers)
  const multipart = /^\s*multipart\//i.test(headers['content-type'] ?? '')
  const sound =
    match &&
    [start, end, size ?? 0].every(Number.isSafeInteger) &&
    start === asked.start &&
    end >= start &&
    end <= (asked.end ?? end) &&
    end < (size ?? Infinity) &&
    (sent ?? end - start + 1) === end - start + 1
  if (!sound || multipart) throw refusal(`${host} sent other bytes than were asked for.`)
  // It may send fewer than it has. To the reader that is a body that ends early.
  const last = Math.min(asked.end ?? Infinity, (size ?? end + 1) - 1)
  return { start, size, length: last - start + 1, partial: true, ranges: true }
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['content-length'] ?? ''
  const length = /^\d+$/.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(length) ? length : undefined
}

function badStatus(host: string, status: number, headers: IncomingHttpHeaders): SourceError {
  const transient = status >= 500 || RETRIED_STATUSES.includes(status)
  const retryAfter = transient ? retryAfterOf(headers) : undefined
  return new SourceError(`${host} answered ${status}.`, { transient, retryAfter })
}

/**
 * RFC 9110 section 10.2.3: seconds, or a date. A date is taken by the clock of who sent it, so one
 * that comes without a Date says nothing.
 */
function retryAfterOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['retry-after']?.trim() ?? ''
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const [then, now] = [parseHttpDate(text), parseHttpDate(headers.date ?? '')]
  if (then === undefined || now === undefined) return undefined
  return Math.max(0, Math.ceil((then - now) / 1000))
}
