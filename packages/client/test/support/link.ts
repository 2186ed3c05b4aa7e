import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { carry, createPace, type LinkOptions } from './delay-line.ts'

export interface Link extends AsyncDisposable {
  url: string
  /** What later connections are like. */
  options: LinkOptions
}

/** A line to the server at `target`, on this machine, with a latency and a limit of its own. */
export async function startLink(target: string, options: LinkOptions = {}): Promise<Link> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let ways = pacesOf(options)

  function pacesOf({ totalRate }: LinkOptions) {
    return { up: createPace(totalRate), down: createPace(totalRate) }
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true })
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.on('error', () => {})
    }
    const { latencyMs = 0 } = options
    carry(near, far, options, ways.up, 2 * latencyMs)
    carry(far, near, options, ways.down, 0)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get options() {
      return options
    },
    set options(next) {
      options = next
      ways = pacesOf(next)
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
