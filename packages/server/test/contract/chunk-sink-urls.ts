import { expect, it } from 'vitest'
import { begun, inPieces, type SinkStore } from './bodies.ts'
import { T0 } from './samples.ts'

const ORIGIN = 'https://media.example.com'

export function urlSentences(store: () => SinkStore): void {
  const presigned = async (expiresAt = T0 + 60_000) => {
    const upload = await begun(store())
    const { urls } = await store().presign(upload, [1, 2, 3], { origin: ORIGIN, expiresAt })
    return { upload, urls, paths: urls.map((url) => url.slice(ORIGIN.length)) }
  }
  const refused = (url: string, method = 'PUT') => {
    expect(() => store().verify(method, url, T0), `${method} ${url}`).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    )
  }

  it('gives one absolute URL per index, in the order asked for', async () => {
    const { upload, urls } = await presigned()
    for (const url of urls) expect(new URL(url).origin).toBe(ORIGIN)
    const context = { origin: ORIGIN, expiresAt: T0 + 60_000 }
    const urlsOf = async (indexes: number[]) =>
      (await store().presign(upload, indexes, context)).urls
    expect(await urlsOf([3, 1])).toEqual([urls[2], urls[0]])
    expect(await urlsOf([])).toEqual([])
  })

  it('reads from each URL the right to write exactly that chunk', async () => {
    const { upload, paths } = await presigned()
    const tickets = paths.map((path) => store().verify('PUT', path, T0))
    const uploadId = upload.storeRef
    expect(tickets).toEqual([
      { uploadId, index: 1, size: 1000 },
      { uploadId, index: 2, size: 1000 },
      { uploadId, index: 3, size: 500 },
    ])
    expect(await store().write(tickets[2]!, inPieces(new Uint8Array(500)))).toMatchObject({
      size: 500,
    })
  })

  it('refuses a URL with any single character altered, left out, doubled or put in', async () => {
    const { paths } = await presigned()
    for (const [i, character] of [...paths[0]!].entries()) {
      const [before, after] = [paths[0]!.slice(0, i), paths[0]!.slice(i + 1)]
      const swapped = character === character.toLowerCase() ? 'toUpperCase' : 'toLowerCase'
      const others = ['0', '9', 'a', 'Z', '-', '/', '%', '&', '=', ' ', 'é', character[swapped]()]
      for (const other of others) if (other !== character) refused(before + other + after)
      refused(before + after)
      refused(before + character + character + after)
      refused(`${before}%${character.charCodeAt(0).toString(16)}${after}`)
    }
  })

  it('refuses a URL with anything before or after it', async () => {
    const { paths } = await presigned()
    const extras = ['&', '?', '#', '/', '\n', ' ', '=', '&size=1', '&x-id=PutObject', '#fragment']
    for (const extra of extras) {
      refused(paths[0]! + extra)
      refused(extra + paths[0]!)
    }
    refused(ORIGIN + paths[0]!)
    refused('')
    refused('/')
    refused(paths[0]!.slice(0, paths[0]!.indexOf('?')))
  })

  it('refuses the signature of another chunk or another upload', async () => {
    const [one, two] = [await presigned(), await presigned()]
    const graft = (path: string, from: string) =>
      path.slice(0, path.lastIndexOf('=')) + from.slice(from.lastIndexOf('='))
    refused(graft(one.paths[0]!, one.paths[1]!))
    refused(graft(one.paths[0]!, two.paths[0]!))
    const path = one.paths[0]!.replace(one.upload.storeRef, two.upload.storeRef)
    expect(path).not.toBe(one.paths[0])
    refused(path)
  })

  it.each(['GET', 'HEAD', 'POST', 'DELETE', 'put', 'PUT ', ''])(
    'refuses the method %j',
    async (method) => {
      const { paths } = await presigned()
      refused(paths[0]!, method)
    },
  )

  it('refuses a URL from the moment it expires', async () => {
    const { paths } = await presigned(T0 + 1000)
    const index = (now: number) => store().verify('PUT', paths[0]!, now).index
    expect(index(T0 + 999)).toBe(1)
    expect(() => index(T0 + 1000)).toThrow(expect.objectContaining({ code: 'AccessDenied' }))
    expect(() => index(T0 + 10 ** 12)).toThrow(expect.objectContaining({ code: 'AccessDenied' }))
  })
}
