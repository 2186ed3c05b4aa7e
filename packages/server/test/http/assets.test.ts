import type { Asset, AssetList } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { foundAs, NEVER } from '../support/fakes.ts'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import { createUpload, finishUpload, golden, PNG, pathOf } from '../support/http-uploads.ts'
import { createWorld, HOUR } from '../support/http-world.ts'

describe('GET /assets/{asset_id}', () => {
  test('answers `processing` while the upload is under way, without size, url or error', async () => {
    await using world = await createWorld()
    const { asset_id: id } = await createUpload(world, { size: 5 })
    const response = await world.call('GET', `/assets/${id}`)
    expect(response.statusCode).toBe(200)
    expectCommonHeaders(response)
    expect(response.json()).toEqual({
      _id: id,
      method: 'multipart',
      status: 'processing',
      filename: 'my-video.mp4',
      created_at: '2026-11-22T10:00:00Z',
    })
  })

  test('answers `processing` with size and url once the upload is complete', async () => {
    await using world = await createWorld()
    const { assetId: id } = await finishUpload(world, PNG, { type: 'image', filename: 'a.png' })
    const response = await world.call('GET', `/assets/${id}`)
    expect(golden(response)).toEqual({
      _id: id,
      method: 'multipart',
      status: 'processing',
      filename: 'a.png',
      size: PNG.byteLength,
      url: `http://localhost:80/content/${id}?expires=1795428000&signature=SIGNATURE`,
      created_at: '2026-11-22T10:00:00Z',
    })
  })

  test('answers `ready` with the type that was found after processing', async () => {
    await using world = await createWorld()
    const { assetId: id } = await finishUpload(world, PNG, { type: 'image', filename: 'a.png' })
    world.ports.media.found = foundAs('image/png')
    expect(await world.processor.processNext(NEVER)).toBe(true)
    const response = await world.call('GET', `/assets/${id}`)
    expect(golden(response)).toEqual({
      _id: id,
      method: 'multipart',
      status: 'ready',
      filename: 'a.png',
      file_type: 'image/png',
      size: PNG.byteLength,
      url: `http://localhost:80/content/${id}?expires=1795428000&signature=SIGNATURE`,
      technical_metadata: {},
      created_at: '2026-11-22T10:00:00Z',
    })
  })

  test.each([
    ['is other media than declared', PNG, 'image/png', 'image/png'],
    ['is nothing that is known', Buffer.from('only words'), undefined, 'not recognised'],
  ])(
    'answers `failed` with a message when the content %s',
    async (_name, bytes, mimeType, word) => {
      await using world = await createWorld()
      const { assetId: id } = await finishUpload(world, bytes, { type: 'video' })
      world.ports.media.found = foundAs(mimeType)
      await world.processor.processNext(NEVER)
      const asset = (await world.call('GET', `/assets/${id}`)).json<Asset>()
      expect(asset.status).toBe('failed')
      expect(asset.error!.message).toContain(word)
    },
  )

  test('gives a fresh url each time, which lasts as long as the setting says', async () => {
    await using world = await createWorld({ env: { PARTWAY_CONTENT_URL_TTL: '2h' } })
    const { assetId: id } = await finishUpload(world, PNG)
    world.ports.clock.advance(3 * HOUR)
    const { url } = (await world.call('GET', `/assets/${id}`)).json<Asset>()
    expect(url).toContain('expires=1795359600')
    expect((await world.app.inject(pathOf(url!))).statusCode).toBe(200)
  })
})

describe('GET /assets', () => {
  test('answers all assets, newest first, uploads under way included', async () => {
    await using world = await createWorld()
    const { assetId } = await finishUpload(world, PNG)
    world.ports.clock.advance(1000)
    const { asset_id } = await createUpload(world, { size: 1 })
    const response = await world.call('GET', '/assets')
    expect(response.statusCode).toBe(200)
    expectCommonHeaders(response)
    const list = response.json<AssetList>()
    expect(list.data.map((asset) => asset._id)).toEqual([asset_id, assetId])
    expect(list.page_info).toEqual({
      limit_per_page: 10,
      page: 1,
      total_page: 1,
      total_results: 2,
    })
    const single = await world.call('GET', `/assets/${assetId}`)
    expect(list.data[1]).toEqual(single.json())
  })

  test.each([
    { query: '?page=1&page_limit=2', expected: [4, 3] },
    { query: '?page=3&page_limit=2', expected: [0] },
    { query: '?page=4&page_limit=2', expected: [] },
  ])('pages with $query', async ({ query, expected }) => {
    await using world = await createWorld()
    for (let i = 0; i < 5; i++) {
      world.ports.clock.advance(1000)
      await createUpload(world, { size: 1, filename: `${i}.mp4` })
    }
    const { data, page_info } = (await world.call('GET', `/assets${query}`)).json<AssetList>()
    expect(data.map((asset) => asset.filename)).toEqual(expected.map((i) => `${i}.mp4`))
    expect(page_info).toMatchObject({ limit_per_page: 2, total_page: 3, total_results: 5 })
    expect(page_info.page).toBe(Number(/page=(\d)/.exec(query)![1]))
  })

  test('answers an empty list, not null, when there is nothing', async () => {
    await using world = await createWorld()
    expect((await world.call('GET', '/assets')).json()).toEqual({
      data: [],
      page_info: { limit_per_page: 10, page: 1, total_page: 0, total_results: 0 },
    })
  })
})

describe('DELETE /assets/{asset_id}', () => {
  test.each(['', '?force=true', '?force=false'])(
    'answers 204 once and then 404%s',
    async (query) => {
      await using world = await createWorld()
      const { assetId: id, path } = await finishUpload(world, PNG)
      const response = await world.call('DELETE', `/assets/${id}${query}`)
      expect([response.statusCode, response.body]).toEqual([204, ''])
      expectCommonHeaders(response)
      const again = await world.call('DELETE', `/assets/${id}${query}`)
      expectError(again, 404, 'resource_not_exist', id, 'assets')
      expectError(await world.call('GET', `/assets/${id}`), 404, 'resource_not_exist', id)
      expect((await world.call('GET', '/assets')).json()).toMatchObject({ data: [] })
      expectError(await world.app.inject(path), 404, 'not_found')
    },
  )

  test('refuses a `force` that is neither true nor false', async () => {
    await using world = await createWorld()
    const { asset_id: id } = await createUpload(world, { size: 1 })
    const response = await world.call('DELETE', `/assets/${id}?force=maybe`)
    expectError(response, 400, 'parameter_invalid', '`force`', 'boolean', '"maybe"')
    expect((await world.call('GET', `/assets/${id}`)).statusCode).toBe(200)
  })

  test('takes a JSON content type without a body, as some clients send it', async () => {
    await using world = await createWorld()
    const { asset_id: id } = await createUpload(world, { size: 1 })
    const response = await world.call('DELETE', `/assets/${id}`, {
      headers: { 'content-type': 'application/json' },
    })
    expect(response.statusCode, response.body).toBe(204)
  })

  test('frees the bytes only after the grace period', async () => {
    await using world = await createWorld({ env: { PARTWAY_GRACE_PERIOD: '1h' } })
    const { assetId: id } = await finishUpload(world, PNG)
    await world.call('DELETE', `/assets/${id}`)
    await world.sweeper.sweep()
    expect(await world.ports.store.size(id)).toBe(PNG.byteLength)
    world.ports.clock.advance(HOUR + 1)
    await world.sweeper.sweep()
    await expect(world.ports.store.size(id)).rejects.toMatchObject({ code: 'service_unavailable' })
  })
})
