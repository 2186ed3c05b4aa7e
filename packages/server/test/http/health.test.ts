import { PartwayError } from '@partway/protocol'
import { describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import { createWorld } from '../support/http-world.ts'

const unavailable = () =>
  new PartwayError('service_unavailable', 'The database is locked.', { retryAfter: 5 })

const PORTS = ['metadata', 'store'] as const

/** A world in which one port cannot be reached. */
const worldWithout = (name: (typeof PORTS)[number], error: () => Error) =>
  createWorld({
    ports: (ports) => ({ [name]: { ...ports[name], ping: () => Promise.reject(error()) } }),
  })

describe('GET /health', () => {
  test('answers ok without a key', async () => {
    await using world = await createWorld()
    const response = await world.app.inject('/health')
    expect([response.statusCode, response.json()]).toEqual([200, { status: 'ok' }])
    expectCommonHeaders(response)
  })

  test.each(PORTS)('answers ok while the %s cannot be used: the process is alive', async (port) => {
    await using world = await worldWithout(port, unavailable)
    expect((await world.app.inject('/health')).statusCode).toBe(200)
  })
})

describe('GET /ready', () => {
  test('answers ok without a key when database and store can be used', async () => {
    await using world = await createWorld()
    const response = await world.app.inject('/ready')
    expect([response.statusCode, response.json()]).toEqual([200, { status: 'ok' }])
    expectCommonHeaders(response)
  })

  test.each(PORTS)('answers 503 when the %s says that it cannot be used', async (port) => {
    await using world = await worldWithout(port, unavailable)
    const response = await world.app.inject('/ready')
    expectError(response, 503, 'service_unavailable')
    expect(response.headers['retry-after']).toBe('5')
  })

  test.each(PORTS)('answers 503 without detail whatever the %s throws', async (port) => {
    await using world = await worldWithout(port, () => new Error('connect to secret-host failed'))
    const response = await world.app.inject('/ready')
    expectError(response, 503, 'service_unavailable')
    expect(response.body).not.toContain('secret-host')
    expect(JSON.stringify(world.logs)).toContain('secret-host')
  })
})
