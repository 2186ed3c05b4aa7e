import { describe, expect, test } from 'vitest'
import { createUpload } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const MIB = 1024 * 1024

/** `item` as often as fits into 1 MiB of JSON. */
const full = (item: string) => {
  const count = Math.floor((MIB - 30) / (item.length + 1))
  return `{"completed_chunks":[${Array(count).fill(item).join(',')}]}`
}

describe('a body of a megabyte of wrong things', () => {
  test.each([
    ['empty objects', full('{}')],
    ['numbers', full('0')],
    ['half objects', full('{"chunk_index":0}')],
  ])('of %s is refused in a short answer, and at once', async (_name, body) => {
    await using world = await createWorld()
    const { upload_id: id } = await createUpload(world, { size: 5 })
    const before = process.cpuUsage()
    const response = await world.call('POST', `/assets/multipart-uploads/${id}`, { body })
    const { user, system } = process.cpuUsage(before)
    expect(response.statusCode).toBe(400)
    expect(response.body.length).toBeLessThan(4096)
    // A second of CPU time is twenty times what it takes; before, it took half a minute.
    expect(user + system).toBeLessThan(1_000_000)
  })

  test('of wrong key-value pairs is refused in a short answer', async () => {
    await using world = await createWorld()
    const { asset_id: id } = await createUpload(world, { size: 5 })
    const pairs = Array.from({ length: 60_000 }, (_, i) => `"k${i}":[]`)
    const body = `{"user_metadata":{${pairs.join(',')}}}`
    const response = await world.call('PUT', `/assets/${id}/user-metadata`, { body })
    expect(response.statusCode).toBe(400)
    expect(response.body.length).toBeLessThan(4096)
  })
})
