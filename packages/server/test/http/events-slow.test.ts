import { expect, test } from 'vitest'
import { createManualEvery } from '../support/events.ts'
import { head, openRaw } from '../support/http-raw.ts'
import { createUpload } from '../support/http-uploads.ts'
import { createWorld, listen } from '../support/http-world.ts'

const ROUNDS = 300
const LARGE = 'x'.repeat(100_000)

test('a reader that stands still costs the server no more and more, and is told the latest when it goes on', async () => {
  const timers = createManualEvery()
  let loads = 0
  await using world = await createWorld({
    ports: ({ metadata }) => ({
      every: timers.every,
      metadata: {
        ...metadata,
        findAsset(...args) {
          loads++
          return metadata.findAsset(...args)
        },
      },
    }),
  })
  const { asset_id: id } = await createUpload(world, { size: 1 })
  const connection = openRaw((await listen(world)).port)
  const { socket } = connection
  let received = ''
  socket.on('data', (text: string) => {
    received += text
  })
  connection.send(head('GET /v1.3/events', { Host: '127.0.0.1', 'x-api-key': world.alice }))
  await expect.poll(() => received).toContain('event: ready')
  socket.pause()

  const loaded: number[] = []
  for (let n = 1; n <= ROUNDS; n++) {
    // Past the port, because the count is of what the stream asks for.
    await world.ports.metadata.changeUserMetadata(
      ...(['alice', id, { kind: 'merge', values: { n, LARGE } }, world.ports.clock()] as const),
    )
    world.ports.clock.advance(1000)
    timers.tick(1000)
    await new Promise((resolve) => setTimeout(resolve, 2))
    loaded.push(loads)
  }
  // Some megabytes are in the buffers of the kernel, then nothing more is asked for.
  expect(loaded.at(-1)).toBeLessThan(ROUNDS - 100)
  expect(loaded.at(-1)).toBe(loaded.at(-100))

  socket.resume()
  await expect.poll(() => received.includes(`"n":${ROUNDS},`), { timeout: 10_000 }).toBe(true)
  const told = [...received.matchAll(/"n":(\d+),/g)].map(([, n]) => Number(n))
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  expect(told.length).toBe(loads)
  socket.destroy()
})
