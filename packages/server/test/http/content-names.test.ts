import { afterAll, describe, expect, test } from 'vitest'
import { finishUpload } from '../support/http-uploads.ts'
import { createWorld } from '../support/http-world.ts'

const world = await createWorld()
afterAll(() => world.app.close())

/** The name a browser saves: RFC 8187 where there is one, else the plain parameter. */
function savedName(header: string): string {
  const [, extended] = /filename\*=UTF-8''([^;]+)/.exec(header) ?? []
  if (extended !== undefined) return decodeURIComponent(extended)
  const [, quoted, plain] = /filename=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/.exec(header) ?? []
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? ''
}

describe('Content-Disposition', () => {
  test.each([
    'plain.mp4',
    'with space.mp4',
    'quo"ted".mp4',
    'back\\slash.mp4',
    'semi;colon, comma=equals.mp4',
    "apostrophe's.mp4",
    'per%41cent.mp4',
    'ümläut.mp4',
    'żółć.mp4',
    '日本語.mp4',
    'שלום.mp4',
    '🎬 film 👩‍👩‍👧.mp4',
    '€ rates.mp4',
    '.hidden',
    'no-extension',
    '..',
    ' ',
    "UTF-8''trick.mp4",
    'a.mp4"; filename="evil.exe',
    'n'.repeat(255),
    '🎬'.repeat(255),
  ])('carries the name %j unharmed', async (filename) => {
    const { path } = await finishUpload(world, Buffer.from('x'), { filename })
    const { headers } = await world.app.inject(path)
    const header = String(headers['content-disposition'])
    expect(savedName(header)).toBe(filename)
    // Nothing but printable ASCII may stand in a header: RFC 6266 section 4.1.
    expect(header).toMatch(/^attachment; filename[\x20-\x7e]+$/)
  })
})
