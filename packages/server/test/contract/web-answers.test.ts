import { describe, expect, it } from 'vitest'
import { fetchFrom, serve, serveRaw, textOf } from '../support/web-server.ts'

const answering = (status: number, headers: Record<string, string> = {}) =>
  serve((_request, response) => response.writeHead(status, headers).end('no file'))

describe('an answer that is not a file', () => {
  it.each([201, 202, 203, 204, 205, 207, 300, 304, 305, 400, 401, 403, 404, 410, 416, 418, 451])(
    'with %i is final',
    async (status) => {
      const served = await answering(status)
      await expect(fetchFrom(served, '/secret?secret')).rejects.toMatchObject({
        name: 'SourceError',
        message: `media.example:${served.port} answered ${status}.`,
        transient: false,
        retryAfter: undefined,
      })
      expect(served.sockets.size).toBeLessThanOrEqual(1)
    },
  )

  it.each([408, 425, 429, 500, 502, 503, 504, 599])('with %i may be over soon', async (status) => {
    const refused = fetchFrom(await answering(status))
    await expect(refused).rejects.toMatchObject({ transient: true, retryAfter: undefined })
  })

  it.each([
    [{ 'retry-after': '120' }, 120],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Sun, 06 Nov 1994 08:50:37 GMT', date: 'Sun, 06 Nov 1994 08:49:37 GMT' }, 60],
    [{ 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT', date: 'Sun, 06 Nov 1994 08:50:37 GMT' }, 0],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': '1.5' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '9'.repeat(99) }, undefined],
  ])('with %j asks to wait for %j seconds', async (headers: object, retryAfter) => {
    const refused = fetchFrom(await answering(503, headers as Record<string, string>))
    await expect(refused).rejects.toMatchObject({ transient: true, retryAfter })
  })

  it.each(['gzip', 'br', 'identity, gzip', 'x-unknown'])('is one encoded as %s', async (coding) => {
    const refused = fetchFrom(await answering(200, { 'content-encoding': coding }))
    await expect(refused).rejects.toMatchObject({ transient: false, message: /compressed/ })
  })

  it('is one that was compressed for the way', async () => {
    const served = await serveRaw(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    )
    await expect(fetchFrom(served)).rejects.toMatchObject({ transient: false })
  })

  it('is not one encoded as identity', async () => {
    const served = await answering(200, { 'content-encoding': 'Identity' })
    expect(await textOf(await fetchFrom(served))).toBe('no file')
  })

  it.each([
    ['what is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['headers without an end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(20_000)}`],
    ['very many headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}\r\n`],
  ])('is %s', async (_what, answer) => {
    const refused = fetchFrom(await serveRaw(answer, () => {}))
    await expect(refused).rejects.toMatchObject({ name: 'SourceError', transient: false })
  })

  it('is an upgrade that nobody asked for', async () => {
    const answer = 'HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'
    const refused = fetchFrom(await serveRaw(answer, () => {}))
    await expect(refused).rejects.toMatchObject({ name: 'SourceError' })
  })
})

describe('answers before the final one', () => {
  it('are passed over', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'
    const served = await serveRaw(
      `HTTP/1.1 100 Continue\r\n\r\n${early}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`,
    )
    expect(await textOf(await fetchFrom(served))).toBe('ok')
  })
})
