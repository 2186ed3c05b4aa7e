import type { Location } from './found.ts'

// Notations that media files use, in the words of the contract.

/** Nothing was filmed before; it is what clocks show that were never set. */
const FIRST_PLAUSIBLE = Date.UTC(1971, 0, 1)
/** Matroska counts from here, so this is its zero. */
const MATROSKA_EPOCH = Date.UTC(2001, 0, 1)

/** RFC 3339 in UTC, to the second; `undefined` for what is no date or a clock's zero. */
export function utcSeconds(time: Date | string | number | undefined): string | undefined {
  if (time === undefined || time === '') return undefined
  // Apple writes +0200 without the colon that Date wants, and zones are left out of what is UTC.
  const text = typeof time === 'string' ? time.trim().replace(/([+-]\d\d)(\d\d)$/, '$1:$2') : time
  const bare = typeof text === 'string' && /T[\d:.]+$/.test(text.replace(' ', 'T'))
  const milliseconds = new Date(bare ? `${text.replace(' ', 'T')}Z` : text).getTime()
  const plausible = milliseconds >= FIRST_PLAUSIBLE && milliseconds !== MATROSKA_EPOCH
  // Four digits of the year are all that RFC 3339 has.
  if (!plausible || milliseconds >= Date.UTC(10_000, 0, 1)) return undefined
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}

/** A PDF date, `D:20240301123000+01'00'`, where everything after the year may be left out. */
export function pdfDate(text: string): string | undefined {
  const parts =
    /^(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?)?/.exec(text)
  if (!parts) return undefined
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00'] = parts
  const [sign, zoneHour = '00', zoneMinute = '00'] = parts.slice(7)
  const zone = sign ? `${sign}${zoneHour}:${zoneMinute}` : 'Z'
  return utcSeconds(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
}

/** ISO 6709 in decimal degrees, such as `+48.8584+002.2945+035/`. */
export function iso6709(text: string | undefined): Location | undefined {
  const parts = /^([+-]\d+(?:\.\d*)?)([+-]\d+(?:\.\d*)?)([+-]\d+(?:\.\d*)?)?/.exec(text ?? '')
  if (!parts) return undefined
  const [latitude, longitude] = [Number(parts[1]), Number(parts[2])]
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined
  return { latitude, longitude, altitude: parts[3] ? Number(parts[3]) : undefined }
}

/** `30000/1001` or `16:9` as a number; `undefined` for `0/0` and the like. */
export function ratio(text: string | undefined): number | undefined {
  const [above, below] = (text ?? '').split(/[/:]/).map(Number)
  const value = above! / below!
  return Number.isFinite(value) && value > 0 ? value : undefined
}

/** `hh:mm:ss:ff`, `;` before the frames when some are dropped. */
export function timecodeOf(frame: number, fps: number, drop: boolean): string {
  const nominal = Math.round(fps)
  let count = frame
  if (drop) {
    // SMPTE 12M: two numbers (four at 60) are skipped every minute but every tenth.
    const skipped = Math.round(nominal / 15)
    const perMinute = nominal * 60 - skipped
    const perTen = perMinute * 10 + skipped
    const inTen = count % perTen
    count += 9 * skipped * Math.floor(count / perTen)
    if (inTen >= skipped) count += skipped * Math.floor((inTen - skipped) / perMinute)
  }
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = Math.floor(count / nominal)
  const clock = [(seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60].map(two).join(':')
  return `${clock}${drop ? ';' : ':'}${two(count % nominal)}`
}
