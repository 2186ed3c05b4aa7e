import readExif from 'exif-reader'
import type { Location } from '../found.ts'

/** Where a picture was taken, as its camera noted it in EXIF (JEITA CP-3451, 4.6.6). */
export function exifLocation(exif: Buffer | undefined): Location | undefined {
  const gps = exif && parse(exif)?.GPSInfo
  const latitude = degrees(gps?.GPSLatitude, gps?.GPSLatitudeRef, 'S')
  const longitude = degrees(gps?.GPSLongitude, gps?.GPSLongitudeRef, 'W')
  if (latitude === undefined || longitude === undefined) return undefined
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return undefined
  const altitude = gps?.GPSAltitude
  // 1: below the sea.
  const below = Number(gps?.GPSAltitudeRef ?? 0) === 1
  return {
    latitude,
    longitude,
    altitude: typeof altitude === 'number' ? altitude * (below ? -1 : 1) : undefined,
  }
}

function parse(exif: Buffer) {
  try {
    return readExif(exif)
  } catch {
    // A camera's notes that are damaged do not spoil its picture.
    return undefined
  }
}

function degrees(parts: unknown, side: unknown, negative: string): number | undefined {
  if (!Array.isArray(parts)) return undefined
  const [whole = Number.NaN, minutes = 0, seconds = 0] = parts.map(Number)
  const value = whole + minutes / 60 + seconds / 3600
  if (!Number.isFinite(value)) return undefined
  return String(side).startsWith(negative) ? -value : value
}
