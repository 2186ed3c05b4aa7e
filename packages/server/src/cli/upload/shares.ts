import type { SendOptions } from './options.ts'

/** Chunks of one file under way at once. */
export type Share = SendOptions['concurrency']

/** More would only compete; a large file fills the line by itself. */
const FILES_AT_ONCE = 2

/**
 * What each of the files that are sent at once gets; together as much as was asked for. With a limit
 * of the rate, one file after the other.
 *
 * @param count files that are not there yet
 */
export function sharesOf(
  { concurrency, limitRate }: Pick<SendOptions, 'concurrency' | 'limitRate'>,
  count: number,
): Share[] {
  const most = limitRate !== undefined ? 1 : Math.max(1, Math.min(FILES_AT_ONCE, count))
  if (concurrency === 'auto') return Array(most).fill(concurrency)
  const length = Math.min(most, concurrency)
  return Array.from({ length }, (_, slot) => Math.floor((concurrency + length - 1 - slot) / length))
}
