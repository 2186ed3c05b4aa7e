import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createHttpTransport } from '../../src/node/transport-http.ts'

/** More than the sockets of both sides hold. */
const SIZE = 64 * 1024 * 1024

async function startServer(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const chunkTo = (url: string, size: number) => ({
  ...{ url, body: new Uint8Array(size), headers: {}, signal: new AbortController().signal },
  onSent: () => {},
  slice: Number.POSITIVE_INFINITY,
  allow: async () => {},
})

it('leaves no half-sent request on a connection that others use', async () => {
  let asked = 0
  // As nginx does: the answer at once, the rest of the body to nowhere, the connection kept.
  await using server = await startServer((request, response) => {
    response.statusCode = asked++ === 0 ? 503 : 200
    if (response.statusCode === 503) response.end()
    request.resume().once('end', () => response.end())
  })
  const transport = createHttpTransport()

  const outcomes: (number | string)[] = []
  for (const size of [SIZE, 5_000_000, 5_000_000]) {
    outcomes.push(await outcomeOf(transport(chunkTo(server.url, size))))
    // The agent takes a connection back a moment after the answer.
    await sleep(200)
  }

  expect(outcomes).toEqual([503, 200, 200])
})

const outcomeOf = (answer: Promise<{ status: number }>) =>
  answer.then(
    ({ status }) => status,
    (error: Error) => error.message,
  )
