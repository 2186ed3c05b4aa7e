import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { closed, fetchFrom, listen, serve, serveRaw, textOf } from '../support/web-server.ts'

const transient = { name: 'SourceError', transient: true }
const OK = 'HTTP/1.1 200 OK\r\n'

describe('a body that does not come whole', () => {
  it.each([
    ['ends before its length', `${OK}content-length: 10\r\n\r\n12345`],
    ['ends before its last chunk', `${OK}transfer-encoding: chunked\r\n\r\n5\r\n12345\r\n`],
    ['ends within a chunk', `${OK}transfer-encoding: chunked\r\n\r\n9\r\n12345`],
    [
      'breaks off into nonsense',
      `${OK}transfer-encoding: chunked\r\n\r\n5\r\n12345\r\nnonsense\r\n`,
    ],
  ])('may be tried again when it %s', async (_what, answer) => {
    const served = await serveRaw(answer)
    const { body } = await fetchFrom(served)
    const pieces: Uint8Array[] = []
    const read = async () => {
      for await (const piece of body) pieces.push(piece)
    }
    await expect(read()).rejects.toMatchObject(transient)
    expect(Buffer.concat(pieces).toString()).toBe('12345')
    await closed(served)
  })

  it('may be tried again when the connection is reset, be it before somebody reads', async () => {
    const served = await serveRaw(`${OK}content-length: 10\r\n\r\n12345`, (socket) => {
      setTimeout(() => socket.resetAndDestroy(), 20)
    })
    const response = await fetchFrom(served)
    await sleep(60)
    await expect(textOf(response)).rejects.toMatchObject(transient)
  })

  it('may be tried again when it stalls', async () => {
    const served = await serveRaw(`${OK}content-length: 10\r\n\r\n12345`, () => {})
    const response = await fetchFrom(served, '/', {}, { stallTimeoutMs: 50 })
    await expect(textOf(response)).rejects.toMatchObject({
      ...transient,
      message: /nothing for too/,
    })
    await closed(served)
  })

  it('does not stall while it trickles, nor while nobody reads', async () => {
    const served = await serve(async (_request, response) => {
      for (let i = 0; i < 10; i++) {
        response.write('.')
        await sleep(20)
      }
      response.end()
    })
    const response = await fetchFrom(served, '/', {}, { stallTimeoutMs: 500 })
    let text = ''
    for await (const piece of response.body) {
      text += Buffer.from(piece).toString()
      if (text.length === piece.length) await sleep(700)
    }
    expect(text).toBe('..........')
  })
})

describe('an answer that does not come', () => {
  const late = { ...transient, message: /did not answer in time/ }

  it('may come later when the server is silent', async () => {
    const served = await listen(createServer((socket) => socket.resume()))
    await expect(fetchFrom(served, '/', {}, { connectTimeoutMs: 50 })).rejects.toMatchObject(late)
    await closed(served)
  })

  it('may come later when headers trickle for longer than they may take in all', async () => {
    const served = await serveRaw(OK, (socket) => {
      const timer = setInterval(() => socket.write('x: y\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    await expect(fetchFrom(served, '/', {}, { connectTimeoutMs: 80 })).rejects.toMatchObject(late)
    await closed(served)
  })

  it('may come later when preliminary answers never end', async () => {
    const served = await serveRaw('', (socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 10)
      socket.on('close', () => clearInterval(timer))
    })
    await expect(fetchFrom(served, '/', {}, { connectTimeoutMs: 80 })).rejects.toMatchObject(late)
  })

  it('may come later when redirects take longer than all may take', async () => {
    const served = await serve(async (_request, response) => {
      await sleep(40)
      response.writeHead(302, { location: '/again' }).end()
    })
    await expect(fetchFrom(served, '/', {}, { connectTimeoutMs: 100 })).rejects.toMatchObject(late)
  })

  it('may come later when names take long to resolve', async () => {
    const options = { connectTimeoutMs: 50, resolve: () => new Promise<never>(() => {}) }
    await expect(fetchFrom({ port: 1 } as never, '/', {}, options)).rejects.toMatchObject(late)
  })

  it.each([
    ['EAI_AGAIN', true],
    ['ETIMEOUT', true],
    ['ENOTFOUND', false],
  ])('is told after %s of the resolver, transient: %j', async (code, transient) => {
    const resolve = () => Promise.reject(Object.assign(new Error(`${code} secret`), { code }))
    await expect(fetchFrom({ port: 1 } as never, '/', {}, { resolve })).rejects.toMatchObject({
      message: 'media.example could not be resolved.',
      transient,
    })
  })

  it('is final when a name has no addresses', async () => {
    const options = { resolve: async () => [] }
    const refused = fetchFrom({ port: 1 } as never, '/', {}, options)
    await expect(refused).rejects.toMatchObject({ transient: false })
  })

  it('may come later when nobody listens, or the connection closes', async () => {
    const closing = await listen(createServer((socket) => socket.end()))
    await expect(fetchFrom(closing)).rejects.toMatchObject(transient)
    const reset = await listen(createServer((socket) => socket.resetAndDestroy()))
    await expect(fetchFrom(reset)).rejects.toMatchObject(transient)
    const gone = createServer()
    const { port } = await listen(gone)
    await new Promise((done) => gone.close(done))
    await expect(fetchFrom({ port } as never)).rejects.toMatchObject(transient)
  })

  it('comes from the next address when nobody listens at the first', async () => {
    const served = await serve((_request, response) => response.end('here'))
    const addresses = ['127.0.0.9', '127.0.0.1'].map((address) => ({ address, family: 4 }))
    expect(await textOf(await fetchFrom(served, '/', {}, { resolve: async () => addresses }))).toBe(
      'here',
    )
  })
})
