import { formatDuration, formatSize } from './format.ts'

/** Names that are not words of their own, as they are written. */
const SPELLED: Record<string, string> = {
  mime: 'MIME',
  fps: 'fps',
  pdf: 'PDF',
  hdr: 'HDR',
  id: 'id',
}

/** Endings that are units, and how a value with one is written. */
const UNITS: [ending: string, write: (value: number) => string][] = [
  ['_size_bytes', formatSize],
  ['_duration_seconds', (value) => `${formatDuration(value)} (${round(value)} s)`],
  ['_bitrate_bps', (value) => `${round(value / 1e6)} Mbit/s`],
  ['_altitude_meters', (value) => `${round(value)} m`],
  ['_width_pt', (value) => `${round(value)} pt`],
  ['_height_pt', (value) => `${round(value)} pt`],
  ['_sample_rate', (value) => `${value.toLocaleString('en')} Hz`],
]

const round = (value: number) => String(Math.round(value * 1000) / 1000)

/** Fields of the API as names and values for people. */
export function technicalFacts(fields: object): [name: string, value: string][] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => {
      const unit = UNITS.find(([ending]) => `_${field}`.endsWith(ending))
      return [nameOf(field), unit ? unit[1](Number(value)) : shown(value)]
    })
}

function nameOf(field: string): string {
  const words = field
    .replace(/_(bytes|seconds|bps|meters|pt)$/, '')
    .split('_')
    .map((word) => SPELLED[word] ?? word)
  const text = words.join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'number' ? round(value) : String(value)
}
