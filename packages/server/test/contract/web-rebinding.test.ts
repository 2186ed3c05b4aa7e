import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createWeb } from '../../src/adapters/web/index.ts'
import { interceptSockets, listen, OTHER, serve, textOf } from '../support/web-server.ts'

describe('a name whose addresses change between two lookups', () => {
  it('is resolved once, and the connection goes where the check looked', async () => {
    const wire = await serve((_request, response) => response.end('the wrong one'), OTHER)
    const checked = await listen(createServer((_q, response) => response.end('the checked one')))
    let lookups = 0
    const web = createWeb({
      allowed: ['127.0.0.1'],
      resolve: async () => {
        lookups++
        return lookups === 1
          ? [{ address: '127.0.0.1', family: 4 }]
          : [{ address: OTHER, family: 6 }]
      },
    })
    const get = () =>
      web.get(`http://rebind.example:${checked.port}/`, { signal: new AbortController().signal })
    expect(await textOf(await get())).toBe('the checked one')
    expect({ lookups, reached: wire.connections }).toEqual({ lookups: 1, reached: 0 })
    // The next fetch is checked from the beginning, and finds the other answer.
    await expect(get()).rejects.toMatchObject({ name: 'SourceError', transient: false })
    expect({ lookups, reached: wire.connections }).toEqual({ lookups: 2, reached: 0 })
  })

  it('is connected to at the public addresses that were checked, and at no later ones', async () => {
    const later = [{ address: '127.0.0.1', family: 4 }]
    const checked = [
      { address: '2606:4700::1111', family: 6 },
      { address: '93.184.215.14', family: 4 },
    ]
    let lookups = 0
    const resolve = async () => (lookups++ === 0 ? checked : later)
    const attempts = interceptSockets()
    const request = { signal: new AbortController().signal }
    const refusal = createWeb({ resolve }).get('http://rebind.example:8080/', request)
    await expect(refusal).rejects.toMatchObject({
      message: /could not be reached/,
      transient: true,
    })
    expect(attempts).toMatchObject([{ host: 'rebind.example', port: 8080 }])
    const { lookup } = attempts[0]!
    const answers = (all: boolean) =>
      new Promise((done) => lookup!('rebind.example', { all }, (_error, ...answer) => done(answer)))
    expect(await answers(true)).toEqual([checked])
    expect(await answers(false)).toEqual(['2606:4700::1111', 6])
    expect(lookups).toBe(1)
  })
})
