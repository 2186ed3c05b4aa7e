import { describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectS3Error } from '../support/http-expect.ts'
import {
  CHUNK_SIZE,
  claimOf,
  createUpload,
  PNG,
  pathOf,
  putChunk,
  report,
  sha256,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, HOUR, type World } from '../support/http-world.ts'

const ONE = Buffer.from('one!')
const TWO = Buffer.from('two!')

/** An upload whose second and last chunk has four bytes, and the URL of that chunk. */
async function fourByteChunk(world: World) {
  const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: CHUNK_SIZE + 4 })
  return { id, url: urls[1]!.url }
}

describe('PUT of a chunk', () => {
  test('answers 200 with a strong, quoted ETag and an empty body', async () => {
    await using world = await createWorld()
    const { url } = await fourByteChunk(world)
    const response = await putChunk(world, url, ONE)
    expect([response.statusCode, response.body]).toEqual([200, ''])
    expect(response.headers.etag).toBe(`"${sha256(ONE)}"`)
    expectCommonHeaders(response)
  })

  test('takes a whole chunk of 5 MiB', async () => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: CHUNK_SIZE })
    const bytes = Buffer.alloc(CHUNK_SIZE, 3)
    expect((await putChunk(world, urls[0]!.url, bytes)).headers.etag).toBe(`"${sha256(bytes)}"`)
    expect((await report(world, id, [claimOf(1, bytes)])).json()).toHaveProperty('url')
  })

  test.each([
    ['application/json', '{"looks":"like JSON"'],
    ['text/plain', 'plain'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['not a type at all', 'odd'],
    ['', 'none'],
  ])('takes a body as it is whatever its type: %j', async (type, body) => {
    await using world = await createWorld()
    const bytes = Buffer.from(body)
    const { upload_urls: urls } = await createUpload(world, { size: bytes.byteLength })
    const put = await putChunk(world, urls[0]!.url, bytes, { headers: { 'content-type': type } })
    expect(put.statusCode, put.body).toBe(200)
    expect(put.headers.etag).toBe(`"${sha256(bytes)}"`)
  })

  test('needs no key, and minds no wrong one', async () => {
    await using world = await createWorld()
    const { url } = await fourByteChunk(world)
    const put = await putChunk(world, url, ONE, { headers: { 'x-api-key': 'wrong' } })
    expect(put.statusCode).toBe(200)
  })

  test.each([
    ['one byte fewer', 3, 'EntityTooSmall'],
    ['one byte more', 5, 'EntityTooLarge'],
    ['nothing', 0, 'EntityTooSmall'],
    ['a whole chunk', CHUNK_SIZE, 'EntityTooLarge'],
  ])('refuses %s than was signed', async (_name, length, code) => {
    await using world = await createWorld()
    const { id, url } = await fourByteChunk(world)
    const bytes = Buffer.alloc(length, 'x')
    const response = await putChunk(world, url, bytes)
    expectS3Error(response, 400, code)
    expect(response.body).toContain('Chunk 2 has 4 bytes')
    expect(response.body).toContain(`says ${length}.`)
    const claim = { ...claimOf(2, bytes), chunk_size: 4 }
    expect((await report(world, id, [claim])).json()).toMatchObject({
      message: expect.stringContaining('chunk 2 was not uploaded'),
    })
  })

  test('answers the same to the same bytes again', async () => {
    await using world = await createWorld()
    const { url } = await fourByteChunk(world)
    const first = await putChunk(world, url, ONE)
    const second = await putChunk(world, url, ONE)
    expect([first.statusCode, second.statusCode]).toEqual([200, 200])
    expect(second.headers.etag).toBe(first.headers.etag)
  })

  test.each([
    ['the first', ONE],
    ['the second', TWO],
  ])('keeps both of two bodies, and the report says that %s counts', async (_name, chosen) => {
    await using world = await createWorld()
    const { id, url } = await fourByteChunk(world)
    await putChunk(world, url, ONE)
    await putChunk(world, url, TWO)
    const response = await report(world, id, [claimOf(2, chosen)])
    expect(response.json()).toMatchObject({ processed_chunks: 1 })
  })

  test('takes two bodies at once and stores each whole', async () => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: CHUNK_SIZE })
    const bodies = [Buffer.alloc(CHUNK_SIZE, 1), Buffer.alloc(CHUNK_SIZE, 2)]
    const puts = await Promise.all(bodies.map((body) => putChunk(world, urls[0]!.url, body)))
    expect(puts.map((put) => put.headers.etag)).toEqual(bodies.map((body) => `"${sha256(body)}"`))
    const response = await report(world, id, [claimOf(1, bodies[0]!)])
    const content = await world.app.inject(pathOf(response.json<{ url: string }>().url))
    expect(sha256(content.rawPayload)).toBe(sha256(bodies[0]!))
  })

  test('refuses a fifth different body with 409', async () => {
    await using world = await createWorld()
    const { url } = await fourByteChunk(world)
    for (const body of ['aaaa', 'bbbb', 'cccc', 'dddd']) {
      expect((await putChunk(world, url, Buffer.from(body))).statusCode).toBe(200)
    }
    expectS3Error(await putChunk(world, url, Buffer.from('eeee')), 409, 'OperationAborted')
    expect((await putChunk(world, url, Buffer.from('aaaa'))).statusCode).toBe(200)
  })
})

describe('PUT of a chunk that was reported', () => {
  async function reported(world: World) {
    const { id, url } = await fourByteChunk(world)
    await putChunk(world, url, ONE)
    expect((await report(world, id, [claimOf(2, ONE)])).statusCode).toBe(200)
    return { id, url }
  }

  test('answers 200 and the stored ETag to the same bytes', async () => {
    await using world = await createWorld()
    const { url } = await reported(world)
    const response = await putChunk(world, url, ONE)
    expect(response.statusCode).toBe(200)
    expect(response.headers.etag).toBe(`"${sha256(ONE)}"`)
  })

  test('refuses other bytes with 409 and keeps what was proven', async () => {
    await using world = await createWorld()
    const { id, url } = await reported(world)
    expectS3Error(await putChunk(world, url, TWO), 409, 'OperationAborted')
    expect(await statusOf(world, id)).toMatchObject({ chunks_completed: 1, uploaded_size: 4 })
  })

  test('refuses other bytes through a fresh URL just the same', async () => {
    await using world = await createWorld()
    const { id } = await reported(world)
    const presigned = await world.call('POST', `${UPLOADS}/${id}/presigned-urls`, {
      body: { start: 2, count: 1 },
    })
    const [{ url }] = presigned.json<{ upload_urls: [{ url: string }] }>().upload_urls
    expectS3Error(await putChunk(world, url, TWO), 409, 'OperationAborted')
  })

  test.each([
    ['the same bytes', PNG],
    ['other bytes', Buffer.alloc(PNG.byteLength)],
  ])('answers 404 to %s once the upload is sealed, and changes nothing', async (_name, bytes) => {
    await using world = await createWorld()
    const { upload_id: id, upload_urls: urls } = await createUpload(world, {
      size: PNG.byteLength,
    })
    await putChunk(world, urls[0]!.url, PNG)
    const { url } = (await report(world, id, [claimOf(1, PNG)])).json<{ url: string }>()
    expectS3Error(await putChunk(world, urls[0]!.url, bytes), 404, 'NoSuchUpload')
    const content = await world.app.inject(pathOf(url))
    expect(content.rawPayload).toEqual(PNG)
  })
})

describe('a chunk URL', () => {
  test('is refused from the second on in which it expires', async () => {
    await using world = await createWorld()
    const { url } = await fourByteChunk(world)
    world.ports.clock.advance(HOUR - 1)
    expect((await putChunk(world, url, ONE)).statusCode).toBe(200)
    world.ports.clock.advance(1)
    const response = await putChunk(world, url, ONE)
    expectS3Error(response, 403, 'AccessDenied')
    expect(response.body).toContain('Request has expired')
  })

  test('is replaced by a fresh one from the presign call', async () => {
    await using world = await createWorld()
    const { id } = await fourByteChunk(world)
    world.ports.clock.advance(2 * HOUR)
    const presigned = await world.call('POST', `${UPLOADS}/${id}/presigned-urls`, {
      body: { start: 2, count: 1 },
    })
    const [{ url }] = presigned.json<{ upload_urls: [{ url: string }] }>().upload_urls
    expect((await putChunk(world, url, ONE)).statusCode).toBe(200)
  })
})
