import { formatSeconds, formatSize, printable } from '../text.ts'
import type { Failed, FileEvent, Progress, Ready, Uploaded } from './events.ts'

/** What came of a file, on standard output; `undefined` when it is not news of that kind. */
export function outcomeText(event: FileEvent): string | undefined {
  if (event.event === 'uploaded') return uploadedText(event)
  return event.event === 'ready' ? readyText(event) : undefined
}

/** What a person is told besides, on standard error. */
export function noteText(event: FileEvent): string | undefined {
  const file = printable(event.file)
  if (event.event === 'failed') return failedText(event)
  if (event.event === 'skipped') return `Skipped ${file}: ${event.reason}`
  if (event.event !== 'resumed') return undefined
  return `${file}: resumed, ${formatSize(event.resumed_size)} of ${formatSize(event.size)} are there`
}

export function rateText({ rate, seconds_left }: Pick<Progress, 'rate' | 'seconds_left'>): string {
  if (rate === 0) return ''
  const left = seconds_left === null ? '' : `, ${formatSeconds(seconds_left)} left`
  return `${formatSize(rate)}/s${left}`
}

/** In whole percent; 100 only when everything has left. */
export const percentOf = ({ sent, size }: Pick<Progress, 'sent' | 'size'>): number =>
  Math.floor((100 * sent) / size)

function uploadedText(event: Uploaded): string {
  const { size, resumed_size, seconds, asset_id, sha256, url } = event
  const sent = size - resumed_size
  const file = printable(event.file)
  const earlier = resumed_size > 0 ? ` (${formatSize(resumed_size)} of it earlier)` : ''
  const rate = sent > 0 ? ` in ${seconds.toFixed(1)} s, ${formatSize(sent / seconds)}/s` : ''
  return [
    `Uploaded ${file}: ${formatSize(size)}${earlier}${rate}`,
    ...[`  asset   ${asset_id}`, `  sha256  ${sha256}`],
    ...(url === '' ? [] : [`  url     ${url}`]),
  ].join('\n')
}

function readyText({ file, asset_id, file_type, duration, hls, thumbnail }: Ready): string {
  const what = [
    ...(file_type ? [file_type] : []),
    ...(duration === undefined ? [] : [formatSeconds(duration)]),
  ]
  return [
    `${printable(file)} is ready: ${[`asset ${asset_id}`, ...what].join(', ')}`,
    ...(hls?.manifest_url ? [`  hls        ${hls.manifest_url}`] : []),
    ...(thumbnail?.representative_url ? [`  thumbnail  ${thumbnail.representative_url}`] : []),
  ].join('\n')
}

function failedText({ file, message, code, request_id }: Failed): string {
  const id = request_id === undefined ? '' : ` (request ${request_id})`
  // What went wrong on this machine is said by the words alone.
  const shown = /^(failed|file_unreadable)$/.test(code) ? '' : ` [${code}]`
  return `Failed: ${printable(file)}: ${message}${shown}${id}`
}
