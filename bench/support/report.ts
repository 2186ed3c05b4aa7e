/** What a part found. */
export interface PartResult {
  title: string
  /** How it was measured, in a sentence or two. */
  method: string
  header: string[]
  rows: string[][]
  targets: Target[]
}

export interface Target {
  what: string
  target: string
  measured: string
  met: boolean
}

/** A result as Markdown that also reads well on a terminal. */
export function render({ title, method, header, rows, targets }: PartResult): string {
  const verdicts = targets.map(({ what, target, measured, met }) => [
    what,
    target,
    measured,
    met ? 'met' : '**missed**',
  ])
  const sections = [`## ${title}`, method, table(header, rows)]
  if (verdicts.length > 0) sections.push(table(['target', 'wanted', 'measured', ''], verdicts))
  return sections.join('\n\n')
}

function table(header: string[], rows: string[][]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((r) => r[i]!.length)))
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(header), line(rule), ...rows.map(line)].join('\n')
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The value that `share` (0 to 1) of the values do not exceed: the nearest rank. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!
}

/** Where we are, for whoever is waiting. */
export function progress(text: string): void {
  console.error(`  ${text}`)
}
