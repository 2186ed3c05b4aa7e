// Sizes and durations as people write them. Every parser throws a RangeError whose message
// completes the sentence "PARTWAY_X must be …".

const SIZES: Record<string, number> = {
  '': 1,
  B: 1,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** `10GiB`, `512 MiB` or plain bytes. */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-zA-Z]*)$/.exec(text) ?? []
  const factor = SIZES[(unit ?? '').toUpperCase()]
  const bytes = Number(digits) * (factor ?? Number.NaN)
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new RangeError('a size such as 10GiB, 512MiB or a number of bytes')
  }
  return bytes
}

const DURATIONS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `24h`, `30s`, `500ms`; the result is milliseconds. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text) ?? []
  const duration = Number(digits) * (DURATIONS[unit ?? ''] ?? Number.NaN)
  // Timers take at most 2^31 - 1 ms, and no setting is sensible beyond ten years.
  if (!Number.isFinite(duration) || duration > 3650 * 86_400_000) {
    throw new RangeError('a duration such as 24h, 30m, 90s or 500ms')
  }
  return Math.round(duration)
}
