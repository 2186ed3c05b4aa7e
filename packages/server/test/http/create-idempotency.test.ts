import type { CreateUploadResponse } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { createUpload, listed, UPLOADS } from '../support/http-uploads.ts'
import { createWorld, HOUR, type World } from '../support/http-world.ts'

const BODY = { filename: 'my-video.mp4', type: 'video', total_size: 10485760 }

function create(world: World, key: string, body: object = BODY, apiKey?: string) {
  const headers = { 'idempotency-key': key }
  return world.call('POST', UPLOADS, { body, headers, ...(apiKey ? { key: apiKey } : {}) })
}

const idOf = (response: { json<T>(): T }) => response.json<CreateUploadResponse>().upload_id

describe('Idempotency-Key', () => {
  test('gives the same upload for the same key and body', async () => {
    await using world = await createWorld()
    const first = await create(world, 'one')
    world.ports.clock.advance(24 * HOUR - 1000)
    const second = await create(world, 'one')
    expect([first.statusCode, second.statusCode]).toEqual([201, 201])
    expect(idOf(second)).toBe(idOf(first))
    expect(second.json<CreateUploadResponse>().asset_id).toBe(
      first.json<CreateUploadResponse>().asset_id,
    )
    expect((await listed(world)).data).toHaveLength(1)
  })

  test('gives fresh URLs with the same upload', async () => {
    await using world = await createWorld()
    await create(world, 'one')
    world.ports.clock.advance(HOUR)
    const { upload_urls: urls } = (await create(world, 'one')).json<CreateUploadResponse>()
    expect(urls.map((chunk) => chunk.expires_at)).toEqual([
      '2026-11-22T12:00:00Z',
      '2026-11-22T12:00:00Z',
    ])
  })

  test.each([
    ['filename', { ...BODY, filename: 'other.mp4' }],
    ['type', { ...BODY, type: 'audio' }],
    ['total_size', { ...BODY, total_size: 1 }],
  ])('refuses the same key with another %s', async (_field, other) => {
    await using world = await createWorld()
    await create(world, 'one')
    const response = await create(world, 'one', other)
    expectError(response, 400, 'parameter_invalid', '`Idempotency-Key`', '24 hours')
    expect((await listed(world)).data).toHaveLength(1)
  })

  test('does not mind the order of the fields', async () => {
    await using world = await createWorld()
    const first = await create(world, 'one')
    const { filename, type, total_size } = BODY
    const second = await create(world, 'one', { total_size, type, filename })
    expect(idOf(second)).toBe(idOf(first))
  })

  test.each([
    ['the same body', BODY],
    ['another body', { ...BODY, total_size: 1 }],
  ])('gives a new upload for %s after 24 hours', async (_name, body) => {
    await using world = await createWorld()
    const first = await create(world, 'one')
    world.ports.clock.advance(24 * HOUR + 1)
    const second = await create(world, 'one', body)
    expect(second.statusCode).toBe(201)
    expect(idOf(second)).not.toBe(idOf(first))
  })

  test('makes one upload of twenty requests at once', async () => {
    await using world = await createWorld()
    const responses = await Promise.all(Array.from({ length: 20 }, () => create(world, 'one')))
    expect(responses.map((response) => response.statusCode)).toEqual(Array(20).fill(201))
    expect(new Set(responses.map(idOf)).size).toBe(1)
    expect((await listed(world)).data).toHaveLength(1)
  })

  test('belongs to one account: the same key of another account is another upload', async () => {
    await using world = await createWorld()
    const first = await create(world, 'one')
    const other = await create(world, 'one', { ...BODY, total_size: 1 }, world.bob)
    expect(other.statusCode).toBe(201)
    expect(idOf(other)).not.toBe(idOf(first))
  })

  test('gives each request its own upload when there is no key', async () => {
    await using world = await createWorld()
    const first = await createUpload(world, { size: 1 })
    const second = await createUpload(world, { size: 1 })
    expect(second.upload_id).not.toBe(first.upload_id)
  })

  test('still gives the upload when it has ended, without URLs', async () => {
    await using world = await createWorld()
    const first = await create(world, 'one')
    await world.call('DELETE', `${UPLOADS}/${idOf(first)}`)
    const second = await create(world, 'one')
    expect(idOf(second)).toBe(idOf(first))
    expect(second.json<CreateUploadResponse>().upload_urls).toEqual([])
  })

  test.each([
    ['empty', '', 'received 0'],
    ['over 255 characters', 'k'.repeat(256), 'received 256'],
    ['with a space inside', 'a b', 'printable ASCII'],
  ])('refuses a key that is %s', async (_name, key, word) => {
    await using world = await createWorld()
    const response = await create(world, key)
    expectError(response, 400, 'parameter_invalid', '`Idempotency-Key`', '255', word)
    expect((await listed(world)).data).toEqual([])
  })
})
