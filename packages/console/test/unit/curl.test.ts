import { describe, expect, it } from 'vitest'
import { curlOf } from '../../src/lib/curl.ts'

const ORIGIN = 'http://127.0.0.1:4100'

describe('the curl of a call', () => {
  it('has the name of the variable in place of the key', () => {
    expect(curlOf({ url: '/v1.3/assets' }, ORIGIN)).toBe(
      'curl http://127.0.0.1:4100/v1.3/assets \\\n  -H "x-api-key: $PARTWAY_API_KEY"',
    )
  })

  it('sends JSON, quoted for a shell whatever it holds', () => {
    const text = curlOf(
      { method: 'PUT', url: '/v1.3/assets/1/user-metadata', body: { who: `it's $HOME "x"` } },
      ORIGIN,
    )
    expect(text).toBe(
      [
        'curl -X PUT http://127.0.0.1:4100/v1.3/assets/1/user-metadata',
        '-H "x-api-key: $PARTWAY_API_KEY"',
        "-H 'content-type: application/json'",
        `-d '{"who":"it'\\''s $HOME \\"x\\""}'`,
      ].join(' \\\n  '),
    )
  })

  it('gives no key to a URL that carries its own authority', () => {
    const url = 'http://127.0.0.1:4100/content/1?expires=2&signature=3'
    expect(curlOf({ url, flags: ['-o', 'film.mp4'] }, ORIGIN)).toBe(`curl -o film.mp4 '${url}'`)
  })
})
