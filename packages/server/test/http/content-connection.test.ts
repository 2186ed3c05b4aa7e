import { describe, expect, test } from 'vitest'
import { head, openRaw } from '../support/http-raw.ts'
import { finishUpload } from '../support/http-uploads.ts'
import { createWorld, listen } from '../support/http-world.ts'

const MIB = Buffer.alloc(1024 * 1024)

/** A world whose store waits for `release` before its first byte, and tells how reading went. */
async function slowStore() {
  const gate = Promise.withResolvers<void>()
  const reading = { started: 0, ended: 0 }
  const world = await createWorld({
    ports: ({ store }) => ({
      store: {
        ...store,
        async *open() {
          reading.started++
          try {
            await gate.promise
            for (;;) yield MIB
          } finally {
            reading.ended++
          }
        },
      },
    }),
  })
  // Larger than any buffer on the way, so that reading never comes to its end by itself.
  const { path } = await finishUpload(world, Buffer.alloc(5 * 1024 * 1024))
  const connection = openRaw((await listen(world)).port)
  connection.send(head(`GET ${path}`, { Host: '127.0.0.1' }))
  await expect.poll(() => reading.started).toBe(1)
  return { world, reading, connection, release: gate.resolve }
}

describe('a client that leaves', () => {
  test('before the first byte leaves nothing open in the store', async () => {
    const { world, reading, connection, release } = await slowStore()
    connection.socket.destroy()
    await connection.closed
    release()
    await expect.poll(() => reading.ended).toBe(1)
    await world.app.close()
  })

  test('in the middle leaves nothing open in the store', async () => {
    const { world, reading, connection, release } = await slowStore()
    connection.socket.once('data', () => connection.socket.destroy())
    release()
    await connection.closed
    await expect.poll(() => reading.ended).toBe(1)
    await world.app.close()
  })
})
