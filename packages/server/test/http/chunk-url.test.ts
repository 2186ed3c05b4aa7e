import { afterAll, describe, expect, test } from 'vitest'
import { expectS3Error } from '../support/http-expect.ts'
import { exchange, head } from '../support/http-raw.ts'
import { claimOf, createUpload, pathOf, putChunk, report } from '../support/http-uploads.ts'
import { createWorld, listen } from '../support/http-world.ts'

const ONE = Buffer.from('one!')
const TWO = Buffer.from('two!')

const world = await createWorld()
const { port } = await listen(world)
afterAll(() => world.app.close())

const first = await createUpload(world, { size: 4 })
const second = await createUpload(world, { size: 4 })
const PATH = pathOf(first.upload_urls[0]!.url)
const OTHER_PATH = pathOf(second.upload_urls[0]!.url)

/** Sends a chunk to exactly this path, which no URL parser has touched. */
function put(path: string, method = 'PUT') {
  const headers = {
    Host: '127.0.0.1',
    'Content-Type': 'application/octet-stream',
    'Content-Length': '4',
  }
  return exchange(port, `${head(`${method} ${path}`, headers)}one!`)
}

async function expectNothingStored() {
  const response = await report(world, first.upload_id, [claimOf(1, ONE)])
  expect(response.statusCode, response.body).toBe(400)
}

const swapCase = (text: string) =>
  text === text.toLowerCase() ? text.toUpperCase() : text.toLowerCase()

const ALTERATIONS: [name: string, alter: (character: string) => string][] = [
  ['the next character', (c) => String.fromCharCode(c.charCodeAt(0) + 1)],
  ['the one before', (c) => String.fromCharCode(c.charCodeAt(0) - 1)],
  ['the other case', swapCase],
  ...[...'0A-_/.%&=?;+*~:@!,'].map((c): [string, () => string] => [`"${c}"`, () => c]),
]

describe('a chunk URL', () => {
  test.each(ALTERATIONS)(
    'is refused with any one character altered to %s',
    async (_name, alter) => {
      const wrong: string[] = []
      // The first character is the slash without which it would be no HTTP at all.
      for (let i = 1; i < PATH.length; i++) {
        const altered = PATH.slice(0, i) + alter(PATH[i]!) + PATH.slice(i + 1)
        // An unprintable character or a hash sign is not for a server to see.
        if (altered === PATH || !/^[!"$-~]+$/.test(altered)) continue
        const response = await put(altered)
        if (response.statusCode === 403) expectS3Error(response, 403, 'SignatureDoesNotMatch')
        else wrong.push(`${response.statusCode} ${altered}`)
      }
      expect(wrong).toEqual([])
    },
  )

  test('is refused when it ends early', async () => {
    for (let end = PATH.indexOf('signature=') + 10; end < PATH.length; end++) {
      expectS3Error(await put(PATH.slice(0, end)), 403, 'SignatureDoesNotMatch')
    }
  })

  test.each([
    ['another upload', PATH.replace(first.upload_id, second.upload_id)],
    ["another upload's signature", PATH.replace(/[^=]+$/, OTHER_PATH.replace(/.*=/, ''))],
    ['another index', PATH.replace('/1?', '/2?')],
    ['another size', PATH.replace('size=4', 'size=5')],
    ['a later expiry', PATH.replace(/expires=(\d+)/, (_, n) => `expires=${Number(n) + 1}`)],
    ['an odd prefix', `/media${PATH}`],
    ['a prefix that is a parent folder', `/x/..${PATH}`],
    ['a dot in front', `/.${PATH}`],
    ['two slashes in front', `/${PATH}`],
    ['two slashes inside', PATH.replace('/chunks/', '/chunks//')],
    ['the path in capitals', PATH.replace('/chunks/', '/CHUNKS/')],
    ['an escaped letter', PATH.replace('/chunks/', '/chunk%73/')],
    ['an escaped digit', PATH.replace('/1?', '/%31?')],
    ['a leading zero', PATH.replace('/1?', '/01?')],
    ['a slash after the index', PATH.replace('/1?', '/1/?')],
    ['a parameter more', `${PATH}&x=1`],
    ['a parameter in front', PATH.replace('?', '?x=1&')],
    ['a parameter twice', PATH.replace('size=4', 'size=4&size=4')],
    ['its parameters in another order', PATH.replace(/(size=4)&(expires=\d+)/, '$2&$1')],
    ['a padded signature', `${PATH}=`],
    ['an empty signature', PATH.replace(/signature=.*/, 'signature=')],
    ['a signature of its own', PATH.replace(/signature=.*/, `signature=${'A'.repeat(43)}`)],
    ['a fragment', `${PATH}#x`],
  ])('is refused with %s', async (_name, path) => {
    expectS3Error(await put(path), 403, 'SignatureDoesNotMatch')
  })

  test.each(['GET', 'POST', 'DELETE', 'PATCH'])('is refused with the method %s', async (method) => {
    const response = await putChunk(world, PATH, ONE, { method })
    expectS3Error(response, 403, 'SignatureDoesNotMatch')
  })

  test('is refused with the method HEAD, without a body', async () => {
    const response = await world.app.inject({ method: 'HEAD', url: PATH })
    expect([response.statusCode, response.body]).toEqual([403, ''])
  })

  test('takes nothing without a query', async () => {
    const response = await put(PATH.replace(/\?.*/, ''))
    expectS3Error(response, 403, 'SignatureDoesNotMatch')
  })

  // Runs last: it also shows that the URL was good all along.
  test('stores nothing of what was refused, and works as it was given', async () => {
    await expectNothingStored()
    expectS3Error(await put(PATH, 'POST'), 403, 'SignatureDoesNotMatch')
    expect((await put(PATH)).statusCode).toBe(200)
    expect((await putChunk(world, OTHER_PATH, TWO)).statusCode).toBe(200)
    const response = await report(world, first.upload_id, [claimOf(1, ONE)])
    expect(response.statusCode).toBe(200)
  })
})
