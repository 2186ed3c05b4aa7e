import type { CreateUploadResponse } from '@partway/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import { golden, UPLOADS } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const VALID = { filename: 'my-video.mp4', type: 'video', total_size: 104857600 }
const GIB = 1024 ** 3

const world = await createWorld()
afterAll(() => world.app.close())

describe('POST /assets/multipart-uploads', () => {
  test('answers 201 with the plan and the URLs of the first chunks', async () => {
    await using world = await createWorld()
    const response = await world.call('POST', UPLOADS, {
      body: { ...VALID, total_size: 10485761 },
    })
    expect(response.statusCode).toBe(201)
    expect(response.headers['content-type']).toMatch(/^application\/json/)
    expectCommonHeaders(response)
    const chunk = (index: number, size: number) => ({
      chunk_index: index,
      url: `http://localhost:80/chunks/507f1f77bcf86cd799439011/${index}?size=${size}&expires=1795345200&signature=SIGNATURE`,
      expires_at: '2026-11-22T11:00:00Z',
    })
    expect(golden(response)).toEqual({
      upload_id: '507f1f77bcf86cd799439011',
      asset_id: '507f1f77bcf86cd799439012',
      upload_urls: [chunk(1, 5242880), chunk(2, 5242880), chunk(3, 1)],
      upload_headers: { 'Content-Type': 'application/octet-stream' },
      chunk_size: 5242880,
      total_chunks: 3,
      expires_at: '2026-11-23T10:00:00Z',
    })
  })

  test.each([
    { total_size: 1, chunk_size: 5242880, total_chunks: 1, urls: 1 },
    { total_size: 5242880, chunk_size: 5242880, total_chunks: 1, urls: 1 },
    { total_size: 5242881, chunk_size: 5242880, total_chunks: 2, urls: 2 },
    { total_size: 104857600, chunk_size: 5242880, total_chunks: 20, urls: 20 },
    { total_size: 50 * 5242880, chunk_size: 5242880, total_chunks: 50, urls: 50 },
    { total_size: 51 * 5242880, chunk_size: 5242880, total_chunks: 51, urls: 50 },
    { total_size: 512 * 1024 ** 2, chunk_size: 5242880, total_chunks: 103, urls: 50 },
  ])('cuts $total_size bytes into $total_chunks chunks and gives $urls URLs', async (row) => {
    const { urls, ...plan } = row
    const response = await world.call('POST', UPLOADS, {
      body: { ...VALID, total_size: plan.total_size },
    })
    const created = response.json<CreateUploadResponse>()
    expect({
      total_size: plan.total_size,
      chunk_size: created.chunk_size,
      total_chunks: created.total_chunks,
    }).toEqual(plan)
    expect(created.upload_urls.map((chunk) => chunk.chunk_index)).toEqual(
      Array.from({ length: urls }, (_, i) => i + 1),
    )
  })

  test.each([
    ['a video of the most bytes', { type: 'video', total_size: 10 * GIB }],
    ['an audio file of the most bytes', { type: 'audio', total_size: 10 * GIB }],
    ['an image of the most bytes', { type: 'image', total_size: 32 * 1024 ** 2 }],
    ['one byte', { total_size: 1 }],
    ['a whole number written with a fraction of zero', { total_size: 2.0 }],
    ['a name of 255 characters', { filename: 'é'.repeat(255) }],
    ['a name of 255 emoji', { filename: '🎬'.repeat(255) }],
    ['a name that looks like a parent folder', { filename: '..' }],
    ['a name with a backslash', { filename: '..\\..\\windows' }],
    ['a name of one space', { filename: ' ' }],
    ['null for enable_hls', { enable_hls: null }],
    [
      'null for enable_thumbnail and user_metadata',
      { enable_thumbnail: null, user_metadata: null },
    ],
    ['fields nobody knows', { surprise: { deep: [1, 2, 3] }, proof_type: 7 }],
  ])('accepts %s', async (_name, change) => {
    const response = await world.call('POST', UPLOADS, { body: { ...VALID, ...change } })
    expect(response.statusCode, response.body).toBe(201)
  })

  test('keeps the name as data, exactly as it came', async () => {
    await using world = await createWorld()
    const filename = '..\\"quoted" <b>%2F..%2F 🎬 ümlaut.mp4'
    const created = await world.call('POST', UPLOADS, { body: { ...VALID, filename } })
    const { asset_id: id } = created.json<CreateUploadResponse>()
    const asset = await world.call('GET', `/assets/${id}`)
    expect(asset.json<{ filename: string }>().filename).toBe(filename)
  })

  test('accepts a JSON content type with a charset', async () => {
    await using world = await createWorld()
    const response = await world.call('POST', UPLOADS, {
      body: VALID,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })
    expect(response.statusCode).toBe(201)
  })

  test('takes larger files where the setting allows them', async () => {
    await using world = await createWorld({ env: { PARTWAY_MAX_VIDEO_SIZE: '5TiB' } })
    const response = await world.call('POST', UPLOADS, {
      body: { ...VALID, total_size: 5 * 1024 * GIB },
    })
    const { total_chunks: count, chunk_size: size } = response.json<CreateUploadResponse>()
    expect([count, size]).toEqual([5120, GIB])
  })

  test('lets URLs and uploads live as long as the settings say, URLs never longer', async () => {
    await using world = await createWorld({
      env: { PARTWAY_UPLOAD_TTL: '30m', PARTWAY_URL_TTL: '2h' },
    })
    const response = await world.call('POST', UPLOADS, { body: VALID })
    const created = response.json<CreateUploadResponse>()
    expect(created.expires_at).toBe('2026-11-22T10:30:00Z')
    expect(created.upload_urls[0]!.expires_at).toBe('2026-11-22T10:30:00Z')
  })

  test('gives dates whole seconds and a Z', async () => {
    await using world = await createWorld()
    world.ports.clock.advance(999)
    const response = await world.call('POST', UPLOADS, { body: VALID })
    const created = response.json<CreateUploadResponse>()
    for (const date of [created.expires_at, ...created.upload_urls.map((u) => u.expires_at)]) {
      expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    }
  })
})
