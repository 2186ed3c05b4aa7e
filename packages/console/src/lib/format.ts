const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 GiB` */
export function formatSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** `12.4 MiB/s`; nothing while there is nothing to measure. */
export const formatRate = (bytesPerSecond: number): string =>
  bytesPerSecond > 0 ? `${formatSize(bytesPerSecond)}/s` : ''

const PARTS: [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** The two largest parts: `3 d 4 h`, `2 h 5 min`, `3 min 20 s`, `42 s`; never less than 0 s. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const first = PARTS.findIndex(([size]) => whole >= size)
  if (first === -1) return '0 s'
  const [size, unit] = PARTS[first]!
  const [nextSize, nextUnit] = PARTS[first + 1] ?? [1, '']
  const rest = Math.floor((whole % size) / nextSize)
  return `${Math.floor(whole / size)} ${unit}${nextUnit && rest > 0 ? ` ${rest} ${nextUnit}` : ''}`
}

/** Rounded, so that it does not flicker: `about 3 min left`, `a few seconds left`. */
export function formatTimeLeft(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  if (seconds < 5) return 'a few seconds left'
  if (seconds < 60) return `${Math.round(seconds / 5) * 5} s left`
  if (seconds < 3600) return `about ${Math.round(seconds / 60)} min left`
  return `about ${formatSpan(Math.round(seconds / 600) * 600)} left`
}

/** Of media: `0:07`, `12:03`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, i) => (i === 0 ? `${part}` : `${part}`.padStart(2, '0'))).join(':')
}

/** `just now`, `3 min ago`, `2 h ago`, `5 d ago` */
export function formatAge(at: number, now: number): string {
  const seconds = (now - at) / 1000
  if (seconds < 45) return 'just now'
  const [size, unit] = PARTS.find(([least]) => seconds >= least && least >= 60) ?? [60, 'min']
  return `${Math.max(1, Math.floor(seconds / size))} ${unit} ago`
}

/** Whole per cent, and 100 only when nothing is left. */
export function percentOf(part: number, whole: number): number {
  if (whole <= 0) return 0
  return part >= whole ? 100 : Math.min(99, Math.floor((part / whole) * 100))
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`
