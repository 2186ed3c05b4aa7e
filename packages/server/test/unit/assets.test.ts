import { describe, expect, it } from 'vitest'
import { collect, fileOf } from '../contract/bodies.ts'
import { ACCOUNT, CONTENT_URL_TTL, createWorld, ORIGIN } from './world.ts'

describe('assets', () => {
  it('have a URL as soon as their bytes are sealed', async () => {
    const { plant, complete, assets } = createWorld()
    const upload = await plant()
    expect((await assets.find(ACCOUNT, upload.assetId, ORIGIN)).url).toBeUndefined()
    await complete(upload)
    const { url } = await assets.find(ACCOUNT, upload.assetId, ORIGIN)
    const { items } = await assets.list(ACCOUNT, { page: 1, limit: 10 }, {}, ORIGIN)
    expect(items).toMatchObject([{ asset: { id: upload.assetId }, url }])
    const content = await assets.content(url!.slice(ORIGIN.length))
    expect(content.etag).toMatch(/-3$/)
    expect(await collect(content.read(500, 2100))).toEqual(fileOf(upload).subarray(500, 2101))
  })

  it('are gone at once when they are deleted, their content too', async () => {
    const { plant, complete, assets } = createWorld()
    const upload = await plant()
    const { url } = await complete(upload)
    await assets.remove(ACCOUNT, upload.assetId)
    const missing = { code: 'resource_not_exist' }
    await expect(assets.find(ACCOUNT, upload.assetId, ORIGIN)).rejects.toMatchObject(missing)
    await expect(assets.remove(ACCOUNT, upload.assetId)).rejects.toMatchObject(missing)
    expect((await assets.list(ACCOUNT, { page: 1, limit: 10 }, {}, ORIGIN)).total).toBe(0)
    await expect(assets.content(url!.slice(ORIGIN.length))).rejects.toMatchObject({
      code: 'not_found',
    })
  })

  it('look to another account as if they did not exist', async () => {
    const { plant, complete, assets } = createWorld()
    const upload = await plant()
    await complete(upload)
    const missing = { code: 'resource_not_exist' }
    await expect(assets.find('mallory', upload.assetId, ORIGIN)).rejects.toMatchObject(missing)
    await expect(assets.remove('mallory', upload.assetId)).rejects.toMatchObject(missing)
    expect((await assets.find(ACCOUNT, upload.assetId, ORIGIN)).asset.id).toBe(upload.assetId)
  })

  it('give a fresh URL when the last one has expired', async () => {
    const { plant, complete, assets, clock } = createWorld()
    const upload = await plant()
    const { url } = await complete(upload)
    clock.advance(CONTENT_URL_TTL)
    await expect(assets.content(url!.slice(ORIGIN.length))).rejects.toMatchObject({
      code: 'unauthorized_request',
    })
    const fresh = await assets.find(ACCOUNT, upload.assetId, ORIGIN)
    const content = await assets.content(fresh.url!.slice(ORIGIN.length))
    expect(content.asset.id).toBe(upload.assetId)
  })
})
