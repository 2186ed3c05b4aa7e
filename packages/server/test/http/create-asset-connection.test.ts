import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AssetList } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { exchange, head, openRaw, type RawConnection } from '../support/http-raw.ts'
import { PNG } from '../support/http-uploads.ts'
import { createWorld, type Headers, listen, type World } from '../support/http-world.ts'

const MIB = 2 ** 20
const END = Buffer.from('\r\n--B--\r\n')

const part = (disposition: string, body: string | Uint8Array = '') =>
  Buffer.concat([
    Buffer.from(`\r\n--B\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    Buffer.from(body),
  ])
const DIRECT = part('name="method"', 'direct')
const WRONG = part('name="method"', 'fax')
const file = (bytes: Uint8Array = PNG, name = 'a.png') =>
  part(`name="file"; filename="${name}"`, bytes)

const announce = ({ alice }: World, headers: Headers) =>
  head('POST /v1.3/assets', {
    ...{ Host: '127.0.0.1', 'X-API-Key': alice },
    'Content-Type': 'multipart/form-data; boundary=B',
    ...headers,
  })
const ofLength = (length: number) => ({ 'Content-Length': String(length) })
const CHUNKED = { 'Transfer-Encoding': 'chunked' }
const chunk = (bytes: Uint8Array) =>
  Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

const whole = (world: World, ...parts: Buffer[]) => {
  const body = Buffer.concat([...parts, END])
  return Buffer.concat([Buffer.from(announce(world, ofLength(body.byteLength))), body])
}

async function listed(world: World): Promise<number> {
  const response = await world.call('GET', '/assets')
  return response.json<AssetList>().page_info.total_results
}

/** No asset shows, and of `begun` uploads each has failed and was freed. */
async function expectNothingLeft(world: World, begun: number): Promise<void> {
  const { metadata } = world.ports
  const ended = () => metadata.purgeUploads(Number.POSITIVE_INFINITY, 100)
  if (begun > 0) await expect.poll(ended).toBe(begun)
  expect(await ended()).toBe(0)
  expect(await metadata.listFreeable(Number.POSITIVE_INFINITY, 100)).toEqual([])
  expect(await listed(world)).toBe(0)
}

/** A world that tells when a chunk begins to be stored. */
async function watched() {
  const started = Promise.withResolvers<void>()
  const world = await createWorld({
    ports: ({ store }) => ({
      store: {
        ...store,
        put(upload, index, body) {
          started.resolve()
          return store.put(upload, index, body)
        },
      },
    }),
  })
  return { world, started: started.promise, port: (await listen(world)).port }
}

/** The connection takes another request after the answer to this one. */
async function expectUsable(world: World, connection: RawConnection): Promise<void> {
  connection.send(whole(world, DIRECT, file()))
  const answer = await connection.answer()
  expect(answer.statusCode, answer.body).toBe(201)
  connection.socket.destroy()
}

describe('a form whose connection breaks', () => {
  test.each([
    ['with a length', ofLength(9 * MIB), (bytes: Buffer) => bytes],
    ['in chunks', CHUNKED, chunk],
  ])('in the middle of the file leaves nothing, sent %s', async (_name, headers, frame) => {
    const { world, started, port } = await watched()
    await using _ = world
    const connection = openRaw(port)
    connection.send(announce(world, headers))
    connection.send(frame(Buffer.concat([DIRECT, file(Buffer.alloc(MIB), 'a.mp4')])))
    await started
    expect(await listed(world)).toBe(0)
    connection.socket.destroy()
    await expectNothingLeft(world, 1)
  })

  test.each([
    ['the text after the file', part('name="filename"', 'fil')],
    ['the head after the file', Buffer.from('\r\n--B\r\nContent-Disp')],
    ['the last boundary', END.subarray(0, -4)],
  ])('in the middle of %s leaves nothing', async (_name, rest) => {
    const { world, started, port } = await watched()
    await using _ = world
    const connection = openRaw(port)
    connection.send(announce(world, ofLength(MIB)))
    connection.send(Buffer.concat([DIRECT, file(), rest]))
    await started
    connection.socket.destroy()
    await expectNothingLeft(world, 1)
  })

  test('before the file leaves nothing', async () => {
    await using world = await createWorld()
    const connection = openRaw((await listen(world)).port)
    connection.send(announce(world, CHUNKED))
    connection.send(chunk(DIRECT))
    connection.send(chunk(part('name="filename"', 'fil')))
    await new Promise<void>((resolve) => connection.socket.end(() => resolve()))
    await connection.closed
    await expectNothingLeft(world, 0)
  })

  test('is no defect', async () => {
    const { world, started, port } = await watched()
    await using _ = world
    const connection = openRaw(port)
    connection.send(announce(world, ofLength(MIB)))
    connection.send(Buffer.concat([DIRECT, file(), part('name="filename"', 'fil')]))
    await started
    connection.socket.destroy()
    await expectNothingLeft(world, 1)
    await expect.poll(() => world.logs.some(({ msg }) => msg.includes('closed'))).toBe(true)
    expect(world.logs.filter(({ level }) => level >= 50)).toEqual([])
  })

  test('by standing still leaves nothing', async () => {
    await using world = await createWorld({ env: { PARTWAY_STALL_TIMEOUT: '200ms' } })
    const connection = openRaw((await listen(world)).port)
    connection.send(announce(world, CHUNKED))
    connection.send(chunk(Buffer.concat([DIRECT, file(Buffer.alloc(MIB), 'a.mp4')])))
    await connection.closed
    await expectNothingLeft(world, 1)
  })
})

test('an asset shows only when its form is complete', async () => {
  const { world, started, port } = await watched()
  await using _ = world
  const body = Buffer.concat([DIRECT, file(), part('name="filename"', 'b.png'), END])
  const connection = openRaw(port)
  connection.send(announce(world, ofLength(body.byteLength)))
  connection.send(body.subarray(0, -1 * END.byteLength))
  await started
  expect(await listed(world)).toBe(0)
  connection.send(body.subarray(-1 * END.byteLength))
  expect((await connection.answer()).statusCode).toBe(201)
  expect(await listed(world)).toBe(1)
  connection.socket.destroy()
})

describe('a form is refused before its body is read', () => {
  test.each([
    ['a wrong key', { 'X-API-Key': 'wrong' }, 401, 'api_key_invalid'],
    ['another type', { 'Content-Type': 'text/plain' }, 400, 'content_type_invalid'],
    ['a length over every limit', ofLength(11 * 2 ** 30), 400, 'parameter_invalid'],
  ])('with %s', async (_name, headers, status, code) => {
    await using world = await createWorld()
    const { port } = await listen(world)
    for (const more of [{}, { Expect: '100-continue' }]) {
      const length = ofLength(9 * MIB)
      const answer = await exchange(port, announce(world, { ...length, ...headers, ...more }))
      expectError(answer, status, code)
      expect(answer.interim).toBe('')
    }
    await expectNothingLeft(world, 0)
  })

  test('with a wrong key, in chunks', async () => {
    await using world = await createWorld()
    const headers = { ...CHUNKED, 'X-API-Key': 'wrong' }
    const answer = await exchange((await listen(world)).port, announce(world, headers))
    expectError(answer, 401, 'api_key_invalid')
  })

  test('unless the client is to be asked for it', async () => {
    await using world = await createWorld()
    const body = Buffer.concat([DIRECT, file(), END])
    const headers = { ...ofLength(body.byteLength), Expect: '100-continue' }
    const connection = openRaw((await listen(world)).port)
    connection.send(announce(world, headers))
    connection.send(body)
    const answer = await connection.answer()
    expect([answer.statusCode, answer.interim]).toEqual([201, expect.stringContaining('100')])
    connection.socket.destroy()
  })
})

describe('a form is refused while its file arrives', () => {
  const limited = () => createWorld({ env: { PARTWAY_MAX_IMAGE_SIZE: '1KiB' } })
  // More than the server looks at before it says what a file is.
  const start = Buffer.concat([DIRECT, file(Buffer.concat([PNG, Buffer.alloc(100_000)]))])

  test.each([
    ['with a length', ofLength(100 * MIB), start],
    ['in chunks', CHUNKED, chunk(start)],
  ])('when it is over the limit of its type, sent %s', async (_name, headers, bytes) => {
    await using world = await limited()
    const connection = openRaw((await listen(world)).port)
    connection.send(Buffer.concat([Buffer.from(announce(world, headers)), bytes]))
    expectError(await connection.answer(), 400, 'parameter_invalid', '`file`', 1024)
    connection.socket.destroy()
    await expectNothingLeft(world, 1)
  })

  test('when a text part before it is wrong', async () => {
    await using world = await createWorld()
    const connection = openRaw((await listen(world)).port)
    connection.send(announce(world, ofLength(100 * MIB)))
    connection.send(Buffer.concat([WRONG, file()]))
    expectError(await connection.answer(), 400, 'parameter_invalid', '`method`')
    await connection.closed
    await expectNothingLeft(world, 0)
  })
})

describe('a connection is of further use after a form that was refused', () => {
  const large = Buffer.concat([PNG, Buffer.alloc(3 * MIB)])
  const small = { PARTWAY_MAX_IMAGE_SIZE: '1KiB' }
  test.each([
    ['at its end', {}, [file(large), WRONG]],
    ['before its file', {}, [WRONG, file(large)]],
    ['in its file', small, [DIRECT, file(large)]],
    ['in an empty file', {}, [DIRECT, file(Buffer.alloc(0)), part('name="x"', large)]],
    ['in another file', {}, [DIRECT, part('name="x"; filename="x"', large)]],
    ['at the second file', {}, [DIRECT, file(), file(large)]],
  ])('%s', async (_name, env, parts) => {
    await using world = await createWorld({ env: { PARTWAY_MAX_IMAGE_SIZE: '4MiB', ...env } })
    const connection = openRaw((await listen(world)).port)
    connection.send(whole(world, ...parts))
    const refused = await connection.answer()
    expect(refused.statusCode, refused.body).toBe(400)
    await expectUsable(world, connection)
  })

  test('for want of room', async () => {
    let full = true
    await using world = await createWorld({
      ports: ({ store }) => ({
        store: {
          ...store,
          async begin(upload) {
            if (full) throw new Error('full')
            return store.begin(upload)
          },
        },
      }),
    })
    const connection = openRaw((await listen(world)).port)
    connection.send(whole(world, DIRECT, file(large)))
    expect((await connection.answer()).statusCode).toBe(500)
    full = false
    await expectUsable(world, connection)
  })
})

test('the refusal of a file in chunks reaches a client that is still sending', async () => {
  await using world = await createWorld({ env: { PARTWAY_MAX_IMAGE_SIZE: '1MiB' } })
  const { origin } = await listen(world)
  async function* body() {
    yield Buffer.concat([DIRECT, file()])
    for (let i = 0; i < 64; i++) {
      yield Buffer.alloc(128 * 1024)
      if (i % 7 === 0) await sleep(1)
    }
    yield END
  }
  for (let i = 0; i < 20; i++) {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=B', 'x-api-key': world.alice },
      body: Readable.toWeb(Readable.from(body())) as ReadableStream,
      duplex: 'half',
    }
    const response = await fetch(`${origin}/v1.3/assets`, init)
    expect(await response.json()).toMatchObject({ code: 'parameter_invalid' })
  }
})
