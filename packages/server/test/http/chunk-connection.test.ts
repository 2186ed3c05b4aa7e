import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { expectS3Error } from '../support/http-expect.ts'
import { exchange, head, openRaw } from '../support/http-raw.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  pathOf,
  report,
  sha256,
} from '../support/http-uploads.ts'
import { createWorld, HOUR, listen, type World } from '../support/http-world.ts'

const BYTES = Buffer.alloc(CHUNK_SIZE, 'b')

async function chunk(world: World) {
  const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: CHUNK_SIZE })
  return { id, path: pathOf(urls[0]!.url), port: (await listen(world)).port }
}

/** The head of the PUT that announces a whole chunk. */
const announce = (path: string, more: Record<string, string> = {}) =>
  head(`PUT ${path}`, {
    Host: '127.0.0.1',
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(CHUNK_SIZE),
    ...more,
  })

async function expectNotStored(world: World, id: string) {
  const response = await report(world, id, [claimOf(1, BYTES)])
  expect(response.json()).toMatchObject({
    message: expect.stringContaining('chunk 1 was not uploaded'),
  })
}

describe('the chunk door', () => {
  test.each([
    ['an altered URL', (path: string) => path.replace('size=', 'size=1')],
    ['an unknown path with a signature', () => '/elsewhere?signature=abc'],
  ])('refuses %s before a byte of the body is sent', async (_name, alter) => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const answer = await exchange(port, announce(alter(path)))
    expectS3Error(answer, 403, 'SignatureDoesNotMatch')
  })

  test('refuses an expired URL before a byte of the body is sent', async () => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    world.ports.clock.advance(HOUR)
    expectS3Error(await exchange(port, announce(path)), 403, 'AccessDenied')
  })

  test('refuses another length before a byte of the body is sent', async () => {
    await using world = await createWorld()
    const { id, path, port } = await chunk(world)
    for (const [length, code] of [
      [CHUNK_SIZE + 1, 'EntityTooLarge'],
      [CHUNK_SIZE - 1, 'EntityTooSmall'],
      [2 ** 45, 'EntityTooLarge'],
    ] as const) {
      const answer = await exchange(port, announce(path, { 'Content-Length': String(length) }))
      expectS3Error(answer, 400, code)
    }
    await expectNotStored(world, id)
  })

  test('does not ask for a body that it refuses', async () => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const refused = announce(path.replace('size=', 'size=1'), { Expect: '100-continue' })
    const answer = await exchange(port, refused)
    expectS3Error(answer, 403, 'SignatureDoesNotMatch')
    expect(answer.interim).toBe('')
  })

  test('asks for a body that it takes', async () => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const connection = openRaw(port)
    connection.send(announce(path, { Expect: '100-continue' }))
    connection.send(BYTES)
    const answer = await connection.answer()
    expect(answer.interim).toContain('100 Continue')
    expect(answer.statusCode).toBe(200)
    connection.socket.destroy()
  })

  test('closes the connection instead of reading a huge body that it refused', async () => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const connection = openRaw(port)
    connection.send(announce(path, { 'Content-Length': String(2 ** 40) }))
    expectS3Error(await connection.answer(), 400, 'EntityTooLarge')
    await connection.closed
  })

  test.each([
    ['with chunked transfer coding', { 'Transfer-Encoding': 'chunked' }],
    ['without any body', {}],
  ])('answers 411 without a Content-Length, %s', async (_name, headers) => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const answer = await exchange(port, head(`PUT ${path}`, { Host: '127.0.0.1', ...headers }))
    expectS3Error(answer, 411, 'MissingContentLength')
    expect(answer.body).toContain(String(CHUNK_SIZE))
  })

  test('refuses an altered URL without a Content-Length as altered', async () => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const answer = await exchange(port, head(`PUT ${path}x`, { Host: '127.0.0.1' }))
    expectS3Error(answer, 403, 'SignatureDoesNotMatch')
  })

  test.each([
    ['cut after half', CHUNK_SIZE / 2],
    ['cut before the last byte', CHUNK_SIZE - 1],
    ['cut before the first byte', 0],
  ])('stores nothing of a body that is %s', async (_name, length) => {
    await using world = await createWorld()
    const { id, path, port } = await chunk(world)
    const connection = openRaw(port)
    connection.send(announce(path))
    connection.send(BYTES.subarray(0, length))
    await sleep(50)
    connection.socket.destroy()
    await connection.closed
    await expect
      .poll(() => world.logs.some(({ msg }) => msg === 'The client closed the connection.'))
      .toBe(true)
    await expectNotStored(world, id)
    // The same URL takes the whole body later.
    const answer = await exchange(port, Buffer.concat([Buffer.from(announce(path)), BYTES]))
    expect(answer.headers.etag).toBe(`"${sha256(BYTES)}"`)
  })

  test('closes a connection whose body makes no progress', async () => {
    await using world = await createWorld({ env: { PARTWAY_STALL_TIMEOUT: '200ms' } })
    const { id, path, port } = await chunk(world)
    const connection = openRaw(port)
    const started = performance.now()
    connection.send(announce(path))
    connection.send(BYTES.subarray(0, 1000))
    await connection.closed
    expect(performance.now() - started).toBeGreaterThan(190)
    await expectNotStored(world, id)
  })

  test('lets a slow body go on as long as it makes progress', async () => {
    await using world = await createWorld({ env: { PARTWAY_STALL_TIMEOUT: '3s' } })
    const { path, port } = await chunk(world)
    const connection = openRaw(port)
    const started = performance.now()
    connection.send(announce(path))
    const piece = CHUNK_SIZE / 8
    for (let sent = 0; sent < CHUNK_SIZE; sent += piece) {
      await sleep(450)
      connection.send(BYTES.subarray(sent, sent + piece))
    }
    expect((await connection.answer()).statusCode).toBe(200)
    expect(performance.now() - started).toBeGreaterThan(3100)
    connection.socket.destroy()
  })

  test('takes one chunk after another on the same connection', async () => {
    await using world = await createWorld()
    const { path, port } = await chunk(world)
    const connection = openRaw(port)
    connection.send(Buffer.concat([Buffer.from(announce(path)), BYTES]))
    expect((await connection.answer()).statusCode).toBe(200)
    const next = connection.answer()
    connection.send(Buffer.concat([Buffer.from(announce(path)), BYTES]))
    expect((await next).statusCode).toBe(200)
    connection.socket.destroy()
  })
})
