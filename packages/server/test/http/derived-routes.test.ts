import { afterAll, describe, expect, test } from 'vitest'
import { expectAlike, expectError } from '../support/http-expect.ts'
import { finishUpload, PNG, UPLOADS } from '../support/http-uploads.ts'
import { createWorld, UNKNOWN_ID } from '../support/http-world.ts'

const world = await createWorld()
afterAll(() => world.app.close())
const { assetId } = await finishUpload(world, PNG, { filename: 'a.png', type: 'image' })

describe.each([
  ['transcription', 'transcription'],
  ['indexed-assets', 'indexed assets'],
  ['entities', 'entities'],
])('%s', (path, what) => {
  const url = (id: string) => `/assets/${id}/${path}`

  test('is answered as for an asset that has none', async () => {
    const response = await world.call('GET', url(assetId))
    expectError(response, 404, 'resource_not_exist', assetId, what)
  })

  test('tells nobody which assets there are', async () => {
    const [own, unknown] = [
      await world.call('GET', url(assetId)),
      await world.call('GET', url(UNKNOWN_ID)),
    ]
    expectAlike(own, unknown, [assetId, UNKNOWN_ID])
    expectAlike(own, await world.call('GET', url(assetId), { key: world.bob }), [assetId, assetId])
  })

  test('minds no parameters', async () => {
    const response = await world.call('GET', `${url(assetId)}?include=words&page=0&x[]=1`)
    expectError(response, 404, 'resource_not_exist')
  })

  test.each(['x', 'F'.repeat(24), '0'.repeat(23), '..%2f..', '%00'])(
    'refuses the malformed id %s',
    async (id) => {
      expectError(await world.call('GET', url(id)), 400, 'parameter_invalid', '`asset_id`')
    },
  )

  test('needs a key', async () => {
    expectError(await world.call('GET', url(assetId), { key: null }), 401, 'api_key_invalid')
    expectError(await world.call('GET', url('x'), { key: 'wrong' }), 401, 'api_key_invalid')
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('does not take %s', async (method) => {
    expectError(await world.call(method, url(assetId)), 404, 'not_found', method)
  })

  test('does not speak of a word that is not its own', async () => {
    const response = await world.call('GET', `${url(assetId)}x`)
    expectError(response, 404, 'not_found', `${path}x`)
  })
})

test('a document can be sent in chunks', async () => {
  const { assetId: id } = await finishUpload(world, Buffer.from('# Hello'), {
    ...{ filename: 'a.md', type: 'document' },
  })
  const list = await world.call('GET', `/assets?asset_types=document`)
  expect(list.json().data).toMatchObject([{ _id: id, filename: 'a.md', method: 'multipart' }])
})

test('a document has a limit of its own', async () => {
  await using small = await createWorld({ env: { PARTWAY_MAX_DOCUMENT_SIZE: '1KiB' } })
  const body = { filename: 'a.md', type: 'document', total_size: 1025 }
  expectError(await small.call('POST', UPLOADS, { body }), 400, 'parameter_invalid', 1024)
  const most = await small.call('POST', UPLOADS, { body: { ...body, total_size: 1024 } })
  expect(most.statusCode).toBe(201)
})
