import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * `before`: the server never sees it. `after`: the server does it, and its answer is lost.
 * `silent`: the same, but the connection stays.
 */
export type Cut = 'before' | 'after' | 'silent'

export interface PostgresProxy extends AsyncDisposable {
  url: string
  /** Cuts the next connection that sends such a text, once. */
  cut(text: string, when: Cut): void
  /** How often a text was sent since. */
  sent(text: string): number
}

/** Stands between us and the database at `target`, and cuts connections at a chosen statement. */
export async function startPostgresProxy(target: string): Promise<PostgresProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let next: { text: string; when: Cut } | undefined
  let traffic = ''

  const server = createServer((client) => {
    const database = connect(Number(port), hostname)
    let lost: Cut | undefined
    const end = () => {
      client.destroy()
      database.destroy()
    }
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      traffic += text
      if (next && text.includes(next.text)) {
        const { when } = next
        next = undefined
        if (when === 'before') return end()
        lost = when
      }
      database.write(bytes)
    })
    database.on('data', (bytes) => {
      if (lost === undefined) client.write(bytes)
      else if (lost === 'after') end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    cut(text, when) {
      next = { text, when }
      traffic = ''
    },
    sent: (text) => traffic.split(text).length - 1,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
