import { describe, expect, it } from 'vitest'
import { filenameOf } from '../../src/adapters/web/filename.ts'
import { fetchFrom, serve } from '../support/web-server.ts'

const fromPath = (path: string) => filenameOf(undefined, new URL(path, 'https://a.example'))
const fromHeader = (header: string) =>
  filenameOf(Buffer.from(header).toString('latin1'), new URL('https://a.example/'))

describe('the name of a file', () => {
  it.each([
    ['attachment; filename="a b.mp4"', 'a b.mp4'],
    ['attachment; filename=a.mp4', 'a.mp4'],
    ['inline; FileName = "a.mp4"', 'a.mp4'],
    ['attachment; filename="a\\"b.mp4"', 'a"b.mp4'],
    [`attachment; filename="ascii.mp4"; filename*=UTF-8''%e2%82%ac.mp4`, '€.mp4'],
    [`attachment; filename*=UTF-8''%e2%82%ac.mp4; filename="ascii.mp4"`, '€.mp4'],
    [`attachment; filename*=iso-8859-1'en'%A3.mp4`, '£.mp4'],
    [`attachment; filename="good.mp4"; filename*=UTF-8''%E2%82`, 'good.mp4'],
    ['attachment; filename="naïve €.mp4"', 'naïve €.mp4'],
    ['attachment; filename="a%20b.mp4"', 'a%20b.mp4'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="C:\\\\Users\\\\x\\\\a.mp4"', 'a.mp4'],
    [`attachment; filename*=UTF-8''..%2F..%5Ca.mp4`, 'a.mp4'],
    [`attachment; filename*=UTF-8''a%00b%0d%0a%7f.mp4`, 'ab.mp4'],
    [`attachment; filename*=UTF-8''a%E2%80%AE4pm.exe`, 'a4pm.exe'],
    ['attachment; filename=".."', undefined],
    ['attachment; filename="a/"', undefined],
    ['attachment; filename="  "', undefined],
    ['attachment; filename=""', undefined],
    ['attachment', undefined],
    [';;;===', undefined],
    ['attachment; filename="unfinished', undefined],
  ])('by %s is %j', (header, name) => expect(fromHeader(header)).toBe(name))

  it.each([
    ['/a/b.mp4', 'b.mp4'],
    ['/a/b.mp4/', 'b.mp4'],
    ['/a/b%20c.mp4?x=y/z#w/v', 'b c.mp4'],
    ['/%E2%82%AC.mp4', '€.mp4'],
    ['/€.mp4', '€.mp4'],
    ['/%E2%82.mp4', undefined],
    ['/%zz', undefined],
    ['/..%2F..%2Fpasswd', 'passwd'],
    ['/a%5Cb.mp4', 'b.mp4'],
    ['/a%2F', undefined],
    ['/%00%0A', undefined],
    ['/', undefined],
    ['', undefined],
  ])('by the path %j is %j', (path, name) => expect(fromPath(path)).toBe(name))

  it('has at most 255 characters, none of them halved', () => {
    expect(fromPath(`/${'x'.repeat(300)}.mp4`)).toBe('x'.repeat(255))
    expect(fromHeader(`inline; filename="${'😀'.repeat(300)}"`)).toBe('😀'.repeat(255))
  })

  it('is by the header before the path, and by the path of the last URL', async () => {
    const served = await serve((request, response) => {
      if (request.url === '/first.mp4') response.writeHead(302, { location: '/last.mp4' })
      if (request.url === '/named')
        response.setHeader('content-disposition', 'inline; filename="n"')
      response.end()
    })
    expect((await fetchFrom(served, '/first.mp4')).filename).toBe('last.mp4')
    expect((await fetchFrom(served, '/named')).filename).toBe('n')
    expect((await fetchFrom(served, '/')).filename).toBeUndefined()
  })
})
