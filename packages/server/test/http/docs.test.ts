import { afterAll, describe, expect, test } from 'vitest'
import { expectCommonHeaders } from '../support/http-expect.ts'
import { createWorld, listen } from '../support/http-world.ts'

const world = await createWorld()
const { origin } = await listen(world)
afterAll(() => world.app.close())

const page = await fetch(`${origin}/docs`)
const html = await page.text()

/** What a browser fetches for the page: scripts, style sheets, icons, images. */
const resources = [...html.matchAll(/\b(?:src|href)="([^"]+)"/g)].map(
  ([, target]) => new URL(target!, page.url).href,
)

describe('GET /docs', () => {
  test('answers a page', () => {
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(html).toMatch(/<!doctype html>/i)
    expectCommonHeaders({ headers: Object.fromEntries(page.headers) })
  })

  test('fetches nothing from any other host', () => {
    expect(resources.length).toBeGreaterThan(3)
    for (const url of resources) expect(new URL(url).origin).toBe(origin)
  })

  test.each(resources.map((url) => new URL(url).pathname))('gets %s', async (path) => {
    const response = await fetch(origin + path)
    expect(response.status).toBe(200)
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0)
    expectCommonHeaders({ headers: Object.fromEntries(response.headers) })
  })

  test('forbids the browser to fetch from any other host', () => {
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'self'")
    const sources = policy
      .split(';')
      .flatMap((directive) => directive.trim().split(/\s+/).slice(1))
      .filter((source) => !/^'|^data:$|^blob:$/.test(source))
    expect(sources).toEqual([])
  })

  test('asks no outside service to check the document', async () => {
    const initializer = resources.find((url) => url.endsWith('swagger-initializer.js'))
    const script = await (await fetch(initializer!)).text()
    expect(script).toMatch(/validatorUrl: (null|undefined|"none")/)
    expect(script).not.toMatch(/https?:\/\/(?!stackoverflow\.com)/)
  })

  test('shows the same document as /openapi.json', async () => {
    const [shown, served] = await Promise.all(
      ['/docs/json', '/openapi.json'].map(async (path) => (await fetch(origin + path)).json()),
    )
    expect(shown).toEqual(served)
  })
})
