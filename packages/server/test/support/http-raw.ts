import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  statusCode: number
  headers: Record<string, string>
  body: string
  /** Everything that came before the final status line, such as `100 Continue`. */
  interim: string
}

/** A connection that sends exactly the bytes it is told to. */
export interface RawConnection {
  socket: Socket
  send(data: string | Uint8Array): void
  /** The next complete answer. Rejects when the connection closes before it is complete. */
  answer(): Promise<RawAnswer>
  /** Resolves when the server has closed the connection, or this side destroyed it. */
  closed: Promise<void>
}

export function openRaw(port: number): RawConnection {
  const socket = connect({ host: '127.0.0.1', port })
  let received = ''
  let wake = () => {}
  let isClosed = false
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true
      wake()
      resolve()
    })
  })
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
    wake()
  })
  // A reset after the answer is how a server drops a body it does not want.
  socket.on('error', () => {})

  async function answer(): Promise<RawAnswer> {
    for (;;) {
      const parsed = parse(received)
      if (parsed) {
        received = received.slice(parsed.length)
        return parsed.answer
      }
      if (isClosed) throw new Error(`closed after: ${JSON.stringify(received)}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { socket, send: (data) => void socket.write(data), answer, closed }
}

/** Sends `data` on a connection of its own and returns the answer. */
export async function exchange(port: number, data: string | Uint8Array): Promise<RawAnswer> {
  const connection = openRaw(port)
  connection.send(data)
  try {
    return await connection.answer()
  } finally {
    connection.socket.destroy()
  }
}

/** A request's head: the request line and headers exactly as given. */
export function head(line: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** The first complete answer in what was received, and how long it was there. */
function parse(received: string, offset = 0): { answer: RawAnswer; length: number } | undefined {
  const end = received.indexOf('\r\n\r\n', offset)
  if (end < 0) return undefined
  const [line = '', ...lines] = received.slice(offset, end).split('\r\n')
  const statusCode = Number(line.split(' ')[1])
  if (statusCode < 200) return parse(received, end + 4)
  const headers = Object.fromEntries(
    lines.map((header) => {
      const colon = header.indexOf(':')
      return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()]
    }),
  )
  const length = end + 4 + Number(headers['content-length'] ?? 0)
  if (received.length < length) return undefined
  const body = received.slice(end + 4, length)
  return { answer: { statusCode, headers, body, interim: received.slice(0, offset) }, length }
}
