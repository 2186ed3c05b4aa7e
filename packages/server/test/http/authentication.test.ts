import { afterAll, describe, expect, test } from 'vitest'
import { expectError } from '../support/http-expect.ts'
import { UPLOADS } from '../support/http-uploads.ts'
import { createWorld, type Method, UNKNOWN_ID } from '../support/http-world.ts'

const world = await createWorld({ env: { PARTWAY_API_KEY: 'key-by-setting' } })
afterAll(() => world.app.close())

const ROUTES: [Method, string][] = [
  ['POST', UPLOADS],
  ['GET', UPLOADS],
  ['GET', `${UPLOADS}/${UNKNOWN_ID}`],
  ['POST', `${UPLOADS}/${UNKNOWN_ID}`],
  ['DELETE', `${UPLOADS}/${UNKNOWN_ID}`],
  ['POST', `${UPLOADS}/${UNKNOWN_ID}/presigned-urls`],
  ['GET', '/assets'],
  ['GET', `/assets/${UNKNOWN_ID}`],
  ['DELETE', `/assets/${UNKNOWN_ID}`],
]

const revoked = await world.keys.create('alice', 'to be revoked')
await world.keys.revoke(revoked.record.id)

const WRONG: [name: string, key: string][] = [
  ['a wrong key', 'pw_wrong'],
  ['a revoked key', revoked.key],
  ['a key with a character more', `${world.alice}x`],
  ['a key with a character less', world.alice.slice(0, -1)],
  ['a key in upper case', world.alice.toUpperCase()],
  ["a key's id", world.aliceKeyId],
  ['the start of the key by setting', 'key-by-settin'],
  ['two keys', `${world.alice}, ${world.bob}`],
]

describe.each(ROUTES)('%s %s', (method, path) => {
  test('answers 401 without a key, before anything else is looked at', async () => {
    const body = method === 'POST' ? { body: '{"not": json' } : {}
    const response = await world.call(method, path, { key: null, ...body })
    expectError(response, 401, 'api_key_invalid', '`x-api-key`', 'not provided')
  })

  test.each(WRONG)('answers 401 to %s, and does not repeat it', async (_name, key) => {
    const response = await world.call(method, path, { key })
    expectError(response, 401, 'api_key_invalid', '`x-api-key`')
    expect(response.body).not.toContain(key)
  })
})

describe('a key', () => {
  test('works until it is revoked', async () => {
    const { key, record } = await world.keys.create('alice', 'short-lived')
    expect((await world.call('GET', '/assets', { key })).statusCode).toBe(200)
    await world.keys.revoke(record.id)
    expect((await world.call('GET', '/assets', { key })).statusCode).toBe(401)
  })

  test('given by setting works, for the account `default`', async () => {
    const response = await world.call('GET', '/assets', { key: 'key-by-setting' })
    expect(response.statusCode).toBe(200)
  })

  test('starts with pw_, carries 256 bits, and is kept only as a hash', async () => {
    const { key, record } = await world.keys.create('alice', 'shown once')
    expect(key).toMatch(/^pw_[\w-]{43}$/)
    expect(record.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(await world.ports.metadata.listKeys())).not.toContain(key)
  })

  test('never reaches the log', () => {
    const log = JSON.stringify(world.logs)
    expect(log.length).toBeGreaterThan(1000)
    for (const key of [world.alice, world.bob, revoked.key, 'key-by-setting', 'pw_wrong']) {
      expect(log).not.toContain(key)
    }
  })
})
