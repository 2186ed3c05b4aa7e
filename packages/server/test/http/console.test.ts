import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders, expectError } from '../support/http-expect.ts'
import { createWorld, type World, type WorldOptions } from '../support/http-world.ts'

/** As Vite leaves it. */
const FILES = {
  'index.html': '<!doctype html><script type="module" src="/console/assets/index-DfX_3-2q.js">',
  'assets/index-DfX_3-2q.js': 'console.log(1)',
  'assets/index-BcR8a_Zq.css': 'p { color: red }',
  'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
}

const folder = await mkdtemp(join(tmpdir(), 'partway-console-'))
await mkdir(join(folder, 'assets'))
for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text)
await writeFile(join(folder, '..', 'partway-console-secret'), 'secret')
afterAll(async () => {
  await rm(folder, { recursive: true })
  await rm(join(folder, '..', 'partway-console-secret'))
})

const built = (options: WorldOptions = {}) => createWorld({ ...options, consoleFolder: folder })

async function policyOf(world: World): Promise<Record<string, string>> {
  const { headers } = await world.app.inject('/')
  const directives = String(headers['content-security-policy']).split('; ')
  return Object.fromEntries(directives.map((text) => text.split(/ (.*)/)))
}

describe('GET /', () => {
  test('answers the page without a key, never to be used without asking', async () => {
    await using world = await built()
    const response = await world.app.inject('/')
    expect(response.statusCode).toBe(200)
    expect(response.body).toBe(FILES['index.html'])
    expect(response.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      etag: expect.any(String),
    })
    expectCommonHeaders(response)
    const again = await world.app.inject({
      ...{ url: '/', headers: { 'if-none-match': String(response.headers.etag) } },
    })
    expect({ status: again.statusCode, body: again.body }).toEqual({ status: 304, body: '' })
  })

  test('lets the page do nothing but what it has to', async () => {
    await using world = await built()
    expect(await policyOf(world)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' blob: data:",
      'media-src': "'self' blob:",
      'connect-src': "'self'",
      'frame-ancestors': "'none'",
      'base-uri': "'none'",
      'form-action': "'none'",
    })
  })

  test('lets it reach the store and the address that URLs lead to, where these are others', async () => {
    await using world = await built({
      env: { PARTWAY_PUBLIC_URL: 'https://media.example.com/api' },
      ports: ({ store }) => ({ store: { ...store, origin: 'https://bucket.s3.example.com' } }),
    })
    const others = "'self' https://bucket.s3.example.com https://media.example.com"
    expect(await policyOf(world)).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': `${others} blob: data:`,
      'media-src': `${others} blob:`,
      'connect-src': others,
    })
  })

  test('answers HEAD alike, without the page', async () => {
    await using world = await built()
    const [head, get] = [
      await world.app.inject({ method: 'HEAD', url: '/' }),
      await world.app.inject('/'),
    ]
    expect(head.statusCode).toBe(200)
    expect(head.body).toBe('')
    for (const name of ['content-type', 'content-length', 'content-security-policy', 'etag']) {
      expect(head.headers[name], name).toBe(get.headers[name])
    }
  })

  test('says how to get the page where it was not built', async () => {
    await using world = await createWorld()
    expectError(await world.app.inject('/'), 404, 'not_found', 'npm run build')
    expectError(await world.app.inject('/console/assets/a.js'), 404, 'not_found')
  })
})

describe('the files of the page', () => {
  test.each([
    ['assets/index-DfX_3-2q.js', /javascript/],
    ['assets/index-BcR8a_Zq.css', /css/],
  ] as const)('may be kept for ever, since their names change: %s', async (name, type) => {
    await using world = await built()
    const response = await world.app.inject(`/console/${name}`)
    expect(response.statusCode).toBe(200)
    expect(response.body).toBe(FILES[name])
    expect(response.headers['content-type']).toMatch(type)
    expect(response.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(response.headers['x-content-type-options']).toBe('nosniff')
  })

  test('are asked for again where their names stay', async () => {
    await using world = await built()
    const response = await world.app.inject('/console/favicon.svg')
    expect(response.statusCode).toBe(200)
    expect(response.headers['cache-control']).toBe('no-cache')
  })

  test.each([
    '/console',
    '/console/',
    '/console/index.html',
    '/console/assets',
    '/console/assets/index-00000000.js',
    '/console/../partway-console-secret',
    '/console/..%2fpartway-console-secret',
    '/console/%2e%2e/partway-console-secret',
    '/console/assets/..%5c..%5cpartway-console-secret',
    '/console//etc/passwd',
    '/index.html',
    '/favicon.svg',
  ])('are all there is: %s is answered in the standard shape', async (url) => {
    await using world = await built()
    expectError(await world.app.inject(url), 404, 'not_found')
  })

  test('take no other method', async () => {
    await using world = await built()
    expectError(await world.app.inject({ method: 'POST', url: '/' }), 404, 'not_found')
    const put = { method: 'PUT', url: '/console/favicon.svg' } as const
    expectError(await world.app.inject(put), 404, 'not_found')
  })
})

test('the page leaves the policies of others alone', async () => {
  await using world = await built()
  const docs = await world.app.inject('/docs/')
  expect(docs.statusCode).toBe(200)
  expect(docs.headers['content-security-policy']).toContain("default-src 'self'")
  const api = await world.call('GET', '/assets')
  expect(api.headers).not.toHaveProperty('content-security-policy')
})
