import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { connect } from '../../src/adapters/web/connect.ts'
import { listen, loopbackWeb, serve, serveRaw, textOf } from '../support/web-server.ts'

const signal = () => new AbortController().signal

describe('a connection that ends up elsewhere than it was meant to', () => {
  it('is closed before anything is sent', async () => {
    const served = await serve((_request, response) => response.end())
    const url = new URL(`http://media.example:${served.port}/`)
    const answers = [{ address: '127.0.0.1', family: 4 }]
    const seen: string[] = []
    const isOpen = (address: string) => seen.push(address) === 0
    await expect(connect(url, answers, isOpen, signal())).rejects.toMatchObject({
      transient: false,
    })
    expect(seen).toEqual(['127.0.0.1'])
    await expect.poll(() => served.sockets.size).toBe(0)
    expect(served).toMatchObject({ connections: 1, received: 0 })
  })
})

/** A key and a self-signed certificate for `secure.example`; `undefined` without openssl. */
function makeCertificate(): { key: Buffer; cert: Buffer } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'partway-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ')
  const names = ['-subj', '/CN=secure.example', '-addext', 'subjectAltName=DNS:secure.example']
  try {
    const args = ['req', '-x509', ...made, ...names, '-keyout', key, '-out', cert]
    execFileSync('openssl', args, { stdio: 'ignore' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const certificate = makeCertificate()
// A laptop may do without; CI may not.
if (!certificate && process.env.CI) throw new Error('openssl is needed to try TLS')
if (!certificate) console.warn('Tests of TLS are skipped: there is no openssl.')

describe.skipIf(!certificate)('an https URL', () => {
  const asked: (string | false | null)[] = []

  async function serveSecurely(location?: string) {
    const options = {
      ...certificate,
      SNICallback: (name: string, done: (error: Error | null) => void) => {
        asked.push(name)
        done(null)
      },
    }
    return listen(
      createServer(options, (_request, response) => {
        if (location) response.writeHead(302, { location })
        response.end('in secret')
      }),
    )
  }

  /** For the rest of the test, the certificate is one that this process trusts. */
  function trust() {
    const before = tls.getCACertificates()
    tls.setDefaultCACertificates([...before, certificate!.cert.toString()])
    onTestFinished(() => tls.setDefaultCACertificates(before))
  }

  const get = (host: string, port: number) =>
    loopbackWeb().get(`https://${host}:${port}/`, { signal: signal() })

  it('is fetched from a host that proves who it is, asked for by its name', async () => {
    trust()
    const { port, sockets } = await serveSecurely()
    asked.length = 0
    expect(await textOf(await get('secure.example', port))).toBe('in secret')
    expect(await textOf(await get('secure.example.', port))).toBe('in secret')
    expect(asked).toEqual(['secure.example', 'secure.example'])
    await expect.poll(() => sockets.size).toBe(0)
  })

  it('is refused when its certificate is self-signed, whatever the environment says', async () => {
    const { port, sockets } = await serveSecurely()
    // Node warns of it, once and rightly.
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      warn.mockRestore()
    })
    await expect(get('secure.example', port)).rejects.toMatchObject({
      message: `The certificate of secure.example:${port} is not valid (DEPTH_ZERO_SELF_SIGNED_CERT).`,
      transient: false,
    })
    await expect.poll(() => sockets.size).toBe(0)
  })

  it.each(['other.example', '127.0.0.1'])(
    'is refused when its certificate is not for %s',
    async (host) => {
      trust()
      const { port } = await serveSecurely()
      await expect(get(host, port)).rejects.toMatchObject({
        message: /is not valid \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
        transient: false,
      })
    },
  )

  it('is not left for http', async () => {
    trust()
    const wire = await serve((_request, response) => response.end())
    const { port } = await serveSecurely(`http://secure.example:${wire.port}/`)
    await expect(get('secure.example', port)).rejects.toMatchObject({
      message: /redirects from https to http/,
      transient: false,
    })
    expect(wire.connections).toBe(0)
  })

  it('is refused when the other side does not speak TLS', async () => {
    const { port } = await serveRaw('HTTP/1.1 400 Bad Request\r\n\r\n')
    await expect(get('secure.example', port)).rejects.toMatchObject({
      message: /No secure connection to/,
      transient: false,
    })
  })
})

describe('a proxy in the environment', () => {
  it('is not asked', async () => {
    const proxy = await serve((_request, response) => response.end('the proxy'))
    const served = await serve((_request, response) => response.end('the file'))
    const names = ['http_proxy', 'HTTP_PROXY', 'NODE_USE_ENV_PROXY']
    for (const name of names) process.env[name] = `http://127.0.0.1:${proxy.port}`
    process.env.NODE_USE_ENV_PROXY = '1'
    onTestFinished(() => {
      for (const name of names) delete process.env[name]
    })
    const url = `http://media.example:${served.port}/`
    expect(await textOf(await loopbackWeb().get(url, { signal: signal() }))).toBe('the file')
    expect(proxy.connections).toBe(0)
  })
})
