import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { describe, expect, it } from 'vitest'
import { fetchFrom, serve, serveRaw, textOf } from '../support/web-server.ts'

const FILE = '0123456789'

/** A server of one file that answers every range that it is asked for. */
async function serveFile(headers: OutgoingHttpHeaders = {}) {
  const seen: IncomingHttpHeaders[] = []
  const served = await serve((request, response) => {
    seen.push(request.headers)
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(match?.[1] ?? 0)
    const last = Math.min(Number(match?.[2] || FILE.length - 1), FILE.length - 1)
    response.writeHead(match ? 206 : 200, {
      'content-length': last - start + 1,
      ...(match && { 'content-range': `bytes ${start}-${last}/${FILE.length}` }),
      ...headers,
    })
    response.end(FILE.slice(start, last + 1))
  })
  return Object.assign(served, { seen })
}

describe('a whole file', () => {
  it('comes with its size, from the first byte', async () => {
    const served = await serveFile({ 'accept-ranges': 'bytes' })
    const response = await fetchFrom(served)
    expect(response).toMatchObject({ size: 10, start: 0, partial: false, ranges: true })
    expect(await textOf(response)).toBe(FILE)
  })

  it('has no ranges when the server does not say so', async () => {
    expect((await fetchFrom(await serveFile())).ranges).toBe(false)
    expect((await fetchFrom(await serveFile({ 'accept-ranges': 'none' }))).ranges).toBe(false)
  })

  it('is of unknown size when it comes in chunks', async () => {
    const chunked = await serve((_request, response) => {
      response.write('chunks ')
      response.end('of it')
    })
    const response = await fetchFrom(chunked)
    expect(response.size).toBeUndefined()
    expect(await textOf(response)).toBe('chunks of it')
  })

  it('is of unknown size when it ends with the connection', async () => {
    const response = await fetchFrom(await serveRaw('HTTP/1.0 200 OK\r\n\r\nuntil the end'))
    expect(response.size).toBeUndefined()
    expect(await textOf(response)).toBe('until the end')
  })

  it('may be empty', async () => {
    const response = await fetchFrom(await serve((_request, answer) => answer.end()))
    expect(await textOf(response)).toBe('')
  })

  it('is asked for without cookies, credentials, referrer or compression', async () => {
    const served = await serveFile()
    await textOf(await fetchFrom(served, '/a?b=c#d', { validator: '"x"' }))
    expect(served.seen).toEqual([
      {
        host: `media.example:${served.port}`,
        'user-agent': 'partway',
        accept: '*/*',
        'accept-encoding': 'identity',
        connection: 'close',
      },
    ])
  })
})

describe('a range of a file', () => {
  it.each([
    [{ start: 3 }, 'bytes=3-', '3456789'],
    [{ start: 0 }, 'bytes=0-', FILE],
    [{ start: 2, end: 4 }, 'bytes=2-4', '234'],
    [{ start: 8, end: 99 }, 'bytes=8-99', '89'],
  ])('%j is asked for as %s and comes with where it starts', async (range, header, text) => {
    const served = await serveFile()
    const response = await fetchFrom(served, '/', { range, validator: '"v1"' })
    expect(served.seen[0]).toMatchObject({ range: header, 'if-range': '"v1"' })
    expect(response).toMatchObject({ start: range.start, size: 10, partial: true, ranges: true })
    expect(await textOf(response)).toBe(text)
  })

  it('is the whole file when the server does not honour it, or the file has changed', async () => {
    const served = await serve((_request, response) => response.end(FILE))
    const response = await fetchFrom(served, '/', { range: { start: 5 }, validator: '"old"' })
    expect(response).toMatchObject({ start: 0, partial: false, ranges: false })
    expect(await textOf(response)).toBe(FILE)
  })

  it('comes without the size of the file when the server does not know it', async () => {
    const served = await serveFile({ 'content-range': 'bytes 5-9/*' })
    const response = await fetchFrom(served, '/', { range: { start: 5 } })
    expect(response.size).toBeUndefined()
    expect(await textOf(response)).toBe('56789')
  })

  it('ends early, to be asked for again, when the server sends less of it', async () => {
    const served = await serveFile({ 'content-range': 'bytes 5-6/10', 'content-length': 2 })
    expect(await textOf(await fetchFrom(served, '/', { range: { start: 5, end: 6 } }))).toBe('56')
    const less = await serveRaw(
      'HTTP/1.1 206 OK\r\ncontent-range: bytes 5-6/10\r\ncontent-length: 2\r\n\r\n56',
    )
    const response = await fetchFrom(less, '/', { range: { start: 5 } })
    await expect(textOf(response)).rejects.toMatchObject({ transient: true })
  })

  it.each([
    'bytes 4-9/10',
    'bytes 6-9/10',
    'bytes 5-4/10',
    'bytes 5-10/10',
    'bytes 5-9/9',
    'bytes 5-8/10',
    'bytes */10',
    'bytes 5-9',
    'bytes=5-9/10',
    'items 5-9/10',
    'bytes 5-9/10, bytes 0-1/10',
    'bytes 5-9007199254740993/99999999999999999',
    '',
  ])('is refused when the server says that it is %j', async (header) => {
    const served = await serveFile({ 'content-range': header })
    const refused = fetchFrom(served, '/', { range: { start: 5 } })
    await expect(refused).rejects.toMatchObject({ name: 'SourceError', transient: false })
  })

  it('is refused when it goes further than asked', async () => {
    const served = await serveFile({ 'content-range': 'bytes 5-9/10', 'content-length': 5 })
    const refused = fetchFrom(served, '/', { range: { start: 5, end: 7 } })
    await expect(refused).rejects.toMatchObject({ name: 'SourceError', transient: false })
  })

  it('is refused in several parts', async () => {
    const served = await serveFile({ 'content-type': 'multipart/byteranges; boundary=x' })
    const refused = fetchFrom(served, '/', { range: { start: 5 } })
    await expect(refused).rejects.toMatchObject({ transient: false })
  })

  it('is refused when the file has no such bytes', async () => {
    const served = await serve((_request, response) => response.writeHead(416).end())
    await expect(fetchFrom(served, '/', { range: { start: 99 } })).rejects.toMatchObject({
      message: `media.example:${served.port} answered 416: it does not have the bytes that were asked for.`,
      transient: false,
    })
  })

  it('that begins with the first byte and is refused means an empty file', async () => {
    const served = await serve((_request, response) => response.writeHead(416).end())
    await expect(fetchFrom(served, '/', { range: { start: 0, end: 9 } })).rejects.toMatchObject({
      ...{ message: `The file at media.example:${served.port} is empty.`, transient: false },
    })
  })

  it('is refused when it was not asked for', async () => {
    const served = await serveRaw('HTTP/1.1 206 OK\r\ncontent-range: bytes 0-0/1\r\n\r\n0')
    await expect(fetchFrom(served)).rejects.toMatchObject({ transient: false })
  })
})

describe('the validator of a file', () => {
  const date = 'Sun, 06 Nov 1994 08:49:37 GMT'
  it.each([
    [{ etag: '"v1"', 'last-modified': date }, '"v1"'],
    [{ etag: '""' }, '""'],
    [{ etag: 'W/"v1"' }, undefined],
    [{ etag: 'v1' }, undefined],
    [{ etag: '"a"b"' }, undefined],
    [{ etag: `"${'x'.repeat(600)}"` }, undefined],
    [{ 'last-modified': date, date: 'Sun, 06 Nov 1994 08:49:38 GMT' }, date],
    [{ etag: 'W/"v1"', 'last-modified': date, date: 'Sun, 06 Nov 1994 09:49:37 GMT' }, date],
    [{ 'last-modified': date, date }, undefined],
    [{ 'last-modified': date, date: 'Sun, 06 Nov 1994 08:49:36 GMT' }, undefined],
    [{ 'last-modified': date, date: 'now' }, undefined],
    [{ 'last-modified': '1994-11-06', date: 'Sun, 06 Nov 1994 08:49:38 GMT' }, undefined],
    [{}, undefined],
  ] as [OutgoingHttpHeaders, string | undefined][])('of %j is %j', async (headers, validator) => {
    const response = await fetchFrom(await serveFile(headers))
    expect(response.validator).toBe(validator)
  })

  it('is not a date when the server does not say what time it has', async () => {
    const served = await serveRaw(`HTTP/1.1 200 OK\r\nlast-modified: ${date}\r\n\r\n`)
    expect((await fetchFrom(served)).validator).toBeUndefined()
  })
})
