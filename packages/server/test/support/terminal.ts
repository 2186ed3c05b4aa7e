import { Writable } from 'node:stream'

/** Like a terminal of 80 columns: what is written moves a cursor, and `screen` is what is seen. */
export function createTerminal(columns = 80) {
  const rows: string[][] = [[]]
  let [row, column, wraps] = [0, 0, true]

  function put(char: string): void {
    if (column === columns) {
      // Without wrapping, what does not fit is written over the last one.
      if (wraps) feed()
      else column -= 1
    }
    const line = rows[row]!
    while (line.length < column) line.push(' ')
    line[column++] = char
  }

  function feed(): void {
    row += 1
    column = 0
    rows[row] ??= []
  }

  function control(sequence: string): void {
    const [, mode, digits, name] = /^(\??)(\d*)(\w)$/.exec(sequence)!
    const count = Number(digits || 1)
    if (mode) wraps = count === 7 ? name === 'h' : wraps
    else if (name === 'A') row = Math.max(0, row - count)
    else if (name === 'G') column = count - 1
    else if (name === 'K') rows[row] = digits === '2' ? [] : rows[row]!.slice(0, column)
    else if (name === 'J') {
      rows.length = row + 1
      rows[row] = rows[row]!.slice(0, column)
    } else throw new Error(`this terminal does not know ${sequence}`)
  }

  const stream = new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals are told by.
      for (const [piece, sequence] of text.matchAll(/\x1b\[(\??\d*\w)|./gsu)) {
        if (sequence) control(sequence)
        else if (piece === '\n') feed()
        else put(piece)
      }
      done()
    },
  })
  return {
    stream: Object.assign(stream, { isTTY: true, columns }) as unknown as NodeJS.WriteStream,
    /** The lines, without empty ones at the end. */
    screen: () =>
      rows
        .map((line) => line.join('').trimEnd())
        .join('\n')
        .trimEnd()
        .split('\n'),
  }
}
