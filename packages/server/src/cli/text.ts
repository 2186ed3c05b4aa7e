const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.5 GiB` */
export function formatSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** `42 s`, `3 min 20 s`, `2 h 5 min` */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)]
  if (hours > 0) return `${hours} h ${minutes} min`
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`
}

const UNPRINTABLE = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu

/** A name that cannot move the cursor, colour the terminal or turn text round: anybody names files. */
export const printable = (name: string): string => name.replace(UNPRINTABLE, '?')

/** A path as a shell takes it for one argument; as printable, by what bash and zsh add to POSIX. */
export function quoted(path: string): string {
  // Otherwise it would be taken for an option.
  const name = path.startsWith('-') ? `./${path}` : path
  if (/^[\w%+,./:@-]+$/.test(name)) return name
  if (printable(name) === name) return `'${name.replaceAll("'", "'\\''")}'`
  const escaped = (char: string) => Buffer.from(char).toString('hex').replace(/../g, '\\x$&')
  return `$'${name.replace(/[\\']/g, '\\$&').replace(UNPRINTABLE, escaped)}'`
}

/** What a server does not tell: only some of it is part of the official API. */
export const UNKNOWN = '-'

/** Rows with their columns aligned; the first row is the heading. */
export function table(rows: (string | undefined)[][]): string {
  const shown = rows.map((row) => row.map((cell) => printable(cell ?? UNKNOWN)))
  const widths = shown[0]!.map((_, column) => Math.max(...shown.map((row) => row[column]!.length)))
  return shown
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
