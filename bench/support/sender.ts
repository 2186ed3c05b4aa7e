// The load: a process of its own, so that its work does not count as the server's. It speaks just
// enough HTTP/1.1 over plain sockets to cost little and to hold any number of bodies in flight.
import { connect, type Socket } from 'node:net'
import type { Answer, Load, LoadResult, Outgoing } from './load.ts'

/** One piece of body after another, the same bytes again and again. */
const PIECE = Buffer.alloc(1024 * 1024, 'partway ')

process.on('message', async (load: Load) => {
  try {
    process.send!(await run(load))
  } catch (error) {
    process.send!({ error: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))

async function run(load: Load): Promise<LoadResult> {
  const { port, requests, repeat, streams, inFlight } = load
  const total = requests.length * repeat
  const answers: Answer[] = []
  const latencies: number[] = []
  const { promise: allHalfSent, resolve: release } = Promise.withResolvers<void>()
  let next = 0
  let halfSent = 0

  const half = async () => {
    if (!inFlight) return
    halfSent += 1
    if (halfSent === total) release()
    await allHalfSent
  }
  const stream = async (connection: Connection) => {
    while (next < total) {
      const request = requests[next % requests.length]!
      next += 1
      const asked = performance.now()
      const [, answer] = await Promise.all([
        sendRequest(connection.socket, request, half),
        connection.answer(),
      ])
      latencies.push(performance.now() - asked)
      if (answer.status >= 400) throw new Error(`${request.head}\n${answer.head}`)
      if (answers.length < MAX_ANSWERS) answers.push(answer)
    }
    connection.socket.destroy()
  }

  const connections = await Promise.all(Array.from({ length: streams }, () => open(port)))
  const start = performance.now()
  await Promise.all(connections.map(stream))
  return { seconds: (performance.now() - start) / 1000, answers, latencies }
}

/** Nobody looks at more of them. */
const MAX_ANSWERS = 100

async function sendRequest(
  socket: Socket,
  { head, body, size }: Outgoing,
  half: () => Promise<void>,
): Promise<void> {
  socket.write(`${head}\r\n\r\n${body}`, 'latin1')
  let left = size
  let told = false
  while (left > 0) {
    if (!told && left <= size / 2) {
      told = true
      await half()
    }
    const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE
    left -= piece.length
    if (!socket.write(piece)) await drained(socket)
  }
}

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => socket.once('drain', () => resolve()))

interface Connection {
  socket: Socket
  /** The next answer, with its body read and forgotten. */
  answer(): Promise<Answer>
}

async function open(port: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('error', reject)
  })
  let waiting = expectation()
  let received: Buffer = Buffer.alloc(0)
  socket.on('data', (data) => {
    received = received.length === 0 ? data : Buffer.concat([received, data])
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = received.toString('latin1', 0, end)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    if (received.length < end + 4 + length) return
    received = Buffer.alloc(0)
    waiting.resolve({ status: Number(head.slice(9, 12)), head })
  })
  socket.on('error', (error) => waiting.reject(error))
  socket.on('close', () => waiting.reject(new Error('the server closed a connection')))
  return {
    socket,
    async answer() {
      const answer = await waiting.promise
      waiting = expectation()
      return answer
    },
  }
}

/** An answer that nobody may be waiting for when the connection ends. */
function expectation() {
  const expected = Promise.withResolvers<Answer>()
  expected.promise.catch(() => {})
  return expected
}
