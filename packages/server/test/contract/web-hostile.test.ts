import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createWeb } from '../../src/adapters/web/index.ts'
import { HOSTILE_HOSTS, HOSTILE_URLS, type HostileUrl } from '../support/web-hostile.ts'
import {
  countSockets,
  hasWholeLoopback,
  interceptSockets,
  listen,
  OTHER,
  OTHER_HOST,
  type Served,
  serve,
  textOf,
} from '../support/web-server.ts'

const EVERYWHERE = ['0.0.0.0/0', '::/0']

/** Servers on one port of every address that a hostile URL may end up at on this machine. */
async function tripwire(tries = 20): Promise<{ port: number; reached: () => number }> {
  const answering = () => createServer((_request, response) => response.end('reached'))
  const first = await listen(answering())
  const wires: Served[] = [first]
  try {
    for (const host of hasWholeLoopback ? ['127.255.255.254', '::1'] : []) {
      wires.push(await listen(answering(), host, first.port))
    }
  } catch (error) {
    // Free at one address does not mean free at all of them.
    if (tries > 1) return tripwire(tries - 1)
    throw error
  }
  const reached = () => wires.reduce((sum, { connections }) => sum + connections, 0)
  return { port: first.port, reached }
}

/** What happens when `url` is fetched: lookups, sockets of this process, and what they reached. */
async function attempt({ url, answers = [], reaches }: HostileUrl, allowed: string[] = []) {
  const wire = await tripwire()
  const sockets = countSockets()
  const attempts = reaches ? [] : interceptSockets()
  const lookups: string[] = []
  const web = createWeb({
    allowed,
    async resolve(host) {
      lookups.push(host)
      return answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  })
  const { signal } = new AbortController()
  const result = await web.get(url.replaceAll('PORT', String(wire.port)), { signal }).then(
    async (response) => ({ text: await textOf(response) }),
    (error: Error) => ({ error }),
  )
  return { result, lookups, sockets: sockets.opened + attempts.length, reached: wire.reached() }
}

// A laptop may do without; CI may not.
if (!hasWholeLoopback && process.env.CI)
  throw new Error('there is no IPv6, or no whole 127.0.0.0/8')
if (!hasWholeLoopback)
  console.warn('Some spellings of loopback lead nowhere here; not all are tried.')

const refused = { name: 'SourceError', transient: false }

describe('a host that is not open', () => {
  it.each(HOSTILE_HOSTS)('is refused without a connection: $what, $url', async (hostile) => {
    const { result, lookups, sockets, reached } = await attempt(hostile)
    expect(result).toMatchObject({ error: refused })
    expect({ sockets, reached }).toEqual({ sockets: 0, reached: 0 })
    expect(lookups).toHaveLength(hostile.answers ? 1 : 0)
    expect((result as { error: Error }).error.message).toMatch(/that this server does not open\.$/)
  })

  // What shows that the test above can fail.
  it.skipIf(!hasWholeLoopback).each(HOSTILE_HOSTS.filter(({ reaches }) => reaches))(
    'is reached when its range is allowed: $what, $url',
    async (hostile) => {
      const { result, sockets, reached } = await attempt(hostile, EVERYWHERE)
      expect(result).toEqual({ text: 'reached' })
      expect({ sockets: sockets > 0, reached }).toEqual({ sockets: true, reached: 1 })
    },
  )
})

describe('a URL that is not one of a file on the web', () => {
  it.each(HOSTILE_URLS)('is refused before anything is resolved: $what', async (hostile) => {
    const { result, lookups, sockets, reached } = await attempt({
      ...hostile,
      answers: ['127.0.0.1'],
    })
    expect(result).toMatchObject({ error: refused })
    expect({ lookups, sockets, reached }).toEqual({ lookups: [], sockets: 0, reached: 0 })
  })

  it.each(HOSTILE_URLS)('is refused although everything is allowed: $what', async (hostile) => {
    const onLoopback = { ...hostile, answers: ['127.0.0.1'], reaches: true }
    const { result, reached } = await attempt(onLoopback, EVERYWHERE)
    expect(result).toMatchObject({ error: refused })
    expect(reached).toBe(0)
  })

  it('is not repeated in the error', async () => {
    const secret = 'http://user:secret@127.0.0.1:PORT/secret?secret#secret'
    const { result } = await attempt({ what: '', url: secret })
    expect((result as { error: Error }).error.message).not.toContain('secret')
  })
})

describe('a redirect', () => {
  /** A server that may be reached and leads to `location`, which is elsewhere than on loopback. */
  function leadAway(location: string) {
    const attempts = interceptSockets('start.example')
    return leadTo(location).then((seen) => ({ ...seen, sockets: seen.sockets + attempts.length }))
  }

  /** A server that may be reached and leads to `location`. */
  async function leadTo(location: string, status = 302, allowed = ['127.0.0.1/32']) {
    const wire = await listen(
      createServer((_request, response) => response.end('reached')),
      OTHER,
    )
    const target = location.replaceAll('PORT', String(wire.port))
    const start = await serve((_request, response) => {
      response.writeHead(status, { location: target }).end()
    })
    const sockets = countSockets()
    const answers: Record<string, string> = { 'start.example': '127.0.0.1', 'evil.example': OTHER }
    const web = createWeb({
      allowed,
      resolve: async (host) => [{ address: answers[host]!, family: 4 }],
    })
    const request = { signal: new AbortController().signal }
    const result = await web.get(`http://start.example:${start.port}/`, request).then(
      () => 'followed',
      (error: Error) => error,
    )
    return { result, sockets: sockets.opened, reached: wire.connections, start: start.connections }
  }
  const onlyStart = { result: refused, sockets: 1, start: 1, reached: 0 }

  describe.each([301, 302, 303, 307, 308])('with %i', (status) => {
    it.each(['http://evil.example:PORT/', `http://${OTHER_HOST}:PORT/`, `//${OTHER_HOST}:PORT/`])(
      'does not lead to %s, unless that is allowed',
      async (location) => {
        expect(await leadTo(location, status)).toMatchObject(onlyStart)
        const control = await leadTo(location, status, EVERYWHERE)
        expect(control).toEqual({ result: 'followed', sockets: 2, start: 1, reached: 1 })
      },
    )
  })

  // Resolved against the URL it came from, some of them are no harm but a path there.
  const absolute = HOSTILE_URLS.filter(({ url }) => /^\w+:(?!\/\/$)/.test(url))
  it.each(absolute)('does not lead to $what', async ({ url }) => {
    expect(await leadAway(url)).toMatchObject(onlyStart)
  })

  it.each(HOSTILE_HOSTS.filter(({ answers, reaches }) => !answers && !reaches))(
    'does not lead to $what, $url',
    async ({ url }) => expect(await leadAway(url)).toMatchObject(onlyStart),
  )
})
