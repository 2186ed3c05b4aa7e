import { describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectError, expectS3Error } from '../support/http-expect.ts'
import {
  createUpload,
  finishUpload,
  PNG,
  pathOf,
  putChunk,
  statusOf,
  UPLOADS,
} from '../support/http-uploads.ts'
import { createWorld, HOUR } from '../support/http-world.ts'

describe('DELETE /assets/multipart-uploads/{upload_id}', () => {
  test('answers 204 without a body and fails the upload and its asset', async () => {
    await using world = await createWorld()
    const { upload_id: id, asset_id } = await createUpload(world, { size: 1 })
    const response = await world.call('DELETE', `${UPLOADS}/${id}`)
    expect([response.statusCode, response.body]).toEqual([204, ''])
    expectCommonHeaders(response)
    expect(await statusOf(world, id)).toMatchObject({ status: 'failed', chunks_failed: 1 })
    const asset = await world.call('GET', `/assets/${asset_id}`)
    expect(asset.json()).toMatchObject({
      status: 'failed',
      error: { message: 'The upload was aborted.' },
    })
  })

  test('can be repeated', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 1 })
    await world.call('DELETE', `${UPLOADS}/${id}`)
    expect((await world.call('DELETE', `${UPLOADS}/${id}`)).statusCode).toBe(204)
  })

  test('leaves the reason of an upload that ended before', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 1 })
    world.ports.clock.advance(24 * HOUR)
    await world.sweeper.sweep()
    expect((await world.call('DELETE', `${UPLOADS}/${id}`)).statusCode).toBe(204)
    expect((await statusOf(world, id)).status).toBe('expired')
  })

  test('refuses a completed upload, which stays as it is', async () => {
    await using world = await createWorld()
    const { uploadId, assetId, path } = await finishUpload(world, PNG)
    const response = await world.call('DELETE', `${UPLOADS}/${uploadId}`)
    expectError(response, 400, 'parameter_invalid', uploadId, 'completed', assetId)
    expect((await statusOf(world, uploadId)).status).toBe('completed')
    expect((await world.app.inject(pathOf(path))).rawPayload).toEqual(PNG)
  })

  test('takes a JSON content type without a body, as some clients send it', async () => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 1 })
    const response = await world.call('DELETE', `${UPLOADS}/${id}`, {
      headers: { 'content-type': 'application/json' },
    })
    expect(response.statusCode, response.body).toBe(204)
  })

  test('frees the bytes after the grace period, when chunk URLs answer as S3 does', async () => {
    await using world = await createWorld({ env: { PARTWAY_GRACE_PERIOD: '10m' } })
    const { upload_id: id, upload_urls: urls } = await createUpload(world, { size: 1 })
    await world.call('DELETE', `${UPLOADS}/${id}`)
    world.ports.clock.advance(11 * 60_000)
    await world.sweeper.sweep()
    expectS3Error(await putChunk(world, urls[0]!.url, Buffer.from('x')), 404, 'NoSuchUpload')
  })
})
