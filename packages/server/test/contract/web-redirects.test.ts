import { describe, expect, it } from 'vitest'
import { followRedirect } from '../../src/adapters/web/redirects.ts'
import { fetchFrom, loopbackWeb, serve, serveRaw, textOf } from '../support/web-server.ts'

/** Leads from /0 over /1 and so on to /<hops>, which answers with what it was asked. */
const chain = (hops: number, status = 302) =>
  serve((request, response) => {
    const here = Number(request.url!.slice(1))
    if (here < hops) response.writeHead(status, { location: `/${here + 1}` }).end('not read')
    else response.end(JSON.stringify(request.headers))
  })

describe('redirects that are fine', () => {
  it.each([301, 302, 303, 307, 308])(
    'are followed with %i, and the range goes along',
    async (status) => {
      const served = await chain(2, status)
      const headers = await textOf(await fetchFrom(served, '/0', { range: { start: 0 } }))
      expect(JSON.parse(headers)).toMatchObject({ range: 'bytes=0-' })
      expect(headers).not.toMatch(/referer|cookie|authorization/)
      expect(served.connections).toBe(3)
    },
  )

  it('are followed five times and not six', async () => {
    expect(await textOf(await fetchFrom(await chain(5), '/0'))).toContain('media.example')
    const served = await chain(6)
    await expect(fetchFrom(served, '/0')).rejects.toMatchObject({
      message: `media.example:${served.port} is behind more than 5 redirects.`,
      transient: false,
    })
    expect(served.connections).toBe(6)
  })

  it('may loop no longer than that', async () => {
    const served = await serve((_request, response) =>
      response.writeHead(302, { location: '/' }).end(),
    )
    await expect(fetchFrom(served)).rejects.toMatchObject({ transient: false })
    expect(served.connections).toBe(6)
  })

  it('have each host resolved, once', async () => {
    const lookups: string[] = []
    const served = await serve((request, response) => {
      const next = { a: 'b', b: 'c' }[request.headers.host![0]!]
      if (next) response.writeHead(307, { location: `//${next}.example:${served.port}/x` }).end()
      else response.end()
    })
    const web = loopbackWeb({
      async resolve(host) {
        lookups.push(host)
        return [{ address: '127.0.0.1', family: 4 }]
      },
    })
    await web.get(`http://a.example:${served.port}/`, { signal: new AbortController().signal })
    expect(lookups).toEqual(['a.example', 'b.example', 'c.example'])
  })

  it('have their bodies left unread', async () => {
    const served = await serve((request, response) => {
      if (request.url === '/end') return response.end('the file')
      // Never ends; whoever read it would wait for ever.
      return response.writeHead(302, { location: '/end' }).write('x'.repeat(1e5))
    })
    expect(await textOf(await fetchFrom(served))).toBe('the file')
  })

  it('may be in UTF-8 although headers are not', async () => {
    const served = await serve((request, response) => {
      if (request.url !== '/') return response.end(request.url)
      return response.socket!.end('HTTP/1.1 302 Found\r\nlocation: /é\r\n\r\n')
    })
    expect(await textOf(await fetchFrom(served))).toBe('/%C3%A9')
  })
})

describe('a redirect that is not followed', () => {
  it.each([
    ['says nothing', ''],
    ['says no URL', 'location: http://[\r\n'],
    ['is empty', 'location:\r\n'],
  ])('%s', async (_what, header) => {
    const served = await serveRaw(`HTTP/1.1 302 Found\r\n${header}\r\n`)
    await expect(fetchFrom(served)).rejects.toMatchObject({
      message: `media.example:${served.port} redirects without saying where to.`,
      transient: false,
    })
  })

  it('is one from https to http', () => {
    const follow = (from: string, location: string) =>
      followRedirect(new URL(from), { headers: { location } }).href
    expect(() => follow('https://a.example/', 'http://a.example/')).toThrow('https to http')
    expect(follow('https://a.example/x/y', 'z')).toBe('https://a.example/x/z')
    expect(follow('http://a.example/', 'https://b.example/')).toBe('https://b.example/')
  })
})
