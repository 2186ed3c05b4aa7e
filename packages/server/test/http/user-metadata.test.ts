import { describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { createUpload } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

type World = Awaited<ReturnType<typeof createWorld>>

async function pairsOf(world: World, id: string): Promise<unknown> {
  return (await world.call('GET', `/assets/${id}`)).json().user_metadata
}

describe('the user metadata of an asset', () => {
  test('comes with the upload, is replaced, merged and cleared', async () => {
    await using world = await createWorld()
    const body = {
      ...{ filename: 'a.mp4', type: 'video', total_size: 5 },
      user_metadata: { camera: 'A', take: 1, empty: '', nothing: null },
    }
    const created = await world.call('POST', '/assets/multipart-uploads', { body })
    const path = `/assets/${created.json().asset_id}/user-metadata`
    const id = created.json().asset_id
    expect(await pairsOf(world, id)).toEqual({ camera: 'A', take: 1 })

    const patch = { user_metadata: { camera: null, take: '', scene: 2.5 } }
    expect((await world.call('PATCH', path, { body: patch })).statusCode).toBe(204)
    expect(await pairsOf(world, id)).toEqual({ take: 1, scene: 2.5 })

    const put = { user_metadata: { final: true } }
    expect((await world.call('PUT', path, { body: put })).statusCode).toBe(204)
    expect(await pairsOf(world, id)).toEqual({ final: true })

    expect((await world.call('DELETE', path)).statusCode).toBe(204)
    expect(await pairsOf(world, id)).toBeUndefined()
  })

  test('keeps keys with line breaks, and looks at their values too', async () => {
    await using world = await createWorld()
    const { asset_id: id } = await createUpload(world, { size: 5 })
    const path = `/assets/${id}/user-metadata`

    const put = await world.call('PUT', path, { body: { user_metadata: { 'a\nb': 'c\nd' } } })
    const wrong = await world.call('PUT', path, { body: { user_metadata: { 'a\nb': {} } } })

    expect(put.statusCode).toBe(204)
    expectError(wrong, 400, 'parameter_invalid', 'user_metadata')
    expect(await pairsOf(world, id)).toEqual({ 'a\nb': 'c\nd' })
  })

  test.each([
    ['an object as a value', { user_metadata: { a: {} } }],
    ['an array as a value', { user_metadata: { a: [1] } }],
    ['no object', { user_metadata: 'text' }],
    ['null', { user_metadata: null }],
  ])('refuses %s', async (_name, body) => {
    await using world = await createWorld()
    const { asset_id: id } = await createUpload(world, { size: 5 })
    const response = await world.call('PUT', `/assets/${id}/user-metadata`, { body })
    expectError(response, 400, 'parameter_invalid', 'user_metadata')
  })

  test.each(['PUT', 'PATCH'] as const)('%s of an unknown asset answers 404', async (method) => {
    await using world = await createWorld()
    const path = `/assets/${'f'.repeat(24)}/user-metadata`
    const response = await world.call(method, path, { body: { user_metadata: {} } })
    expectError(response, 404, 'resource_not_exist')
  })
})

describe('GET /assets with filters', () => {
  test.each([
    ['filename=HOL', ['holiday one.mp4', 'Holiday+two.mp4']],
    ['filename=holiday%20one', ['holiday one.mp4']],
    ['filename=holiday+one', ['holiday one.mp4']],
    ['filename=Holiday%2Btwo', ['Holiday+two.mp4']],
    ['filename=%25', []],
    ['asset_types=image', ['still.png']],
    ['asset_types=image&asset_types=video&filename=s', ['still.png']],
    ['asset_ids=ffffffffffffffffffffffff', []],
  ])('%s finds %j', async (query, expected) => {
    await using world = await createWorld()
    for (const filename of ['holiday one.mp4', 'Holiday+two.mp4']) {
      await createUpload(world, { size: 5, filename })
    }
    await createUpload(world, { size: 5, filename: 'still.png', type: 'image' })
    const response = await world.call('GET', `/assets?${query}`)
    const found = response.json().data.map(({ filename }: { filename: string }) => filename)
    expect(found.sort()).toEqual(expected.sort())
  })

  test.each(['asset_ids=../x', 'asset_types=film', `filename=${'x'.repeat(256)}`])(
    'refuses %s',
    async (query) => {
      await using world = await createWorld()
      expectError(await world.call('GET', `/assets?${query}`), 400, 'parameter_invalid')
    },
  )
})
