import { describe, expect, it } from 'vitest'
import { createSigner } from '../../src/adapters/crypto/index.ts'
import { createContentLinks } from '../../src/core/links.ts'
import { HOUR } from '../contract/samples.ts'
import { createFakeClock } from '../support/fakes.ts'

const ORIGIN = 'https://media.example.com'
const ID = '507f1f77bcf86cd799439012'
const refused = expect.objectContaining({ code: 'unauthorized_request' })

function createWorld(keys = ['a signing key']) {
  const clock = createFakeClock()
  const links = createContentLinks(createSigner(keys), clock, HOUR)
  return { clock, links, path: links.url(ID, ORIGIN).slice(ORIGIN.length) }
}

describe('content links', () => {
  it('are absolute URLs that lead back to their asset', () => {
    const { links, path } = createWorld()
    expect(new URL(ORIGIN + path).pathname).toBe(`/content/${ID}`)
    expect(links.verify(path).assetId).toBe(ID)
  })

  it('work until they expire', () => {
    const { clock, links, path } = createWorld()
    clock.advance(HOUR - 1)
    expect(links.verify(path).assetId).toBe(ID)
    clock.advance(1)
    expect(() => links.verify(path)).toThrow(/expired/)
    expect(() => links.verify(path)).toThrow(refused)
  })

  it('are refused with any single character altered, left out or doubled', () => {
    const { links, path } = createWorld()
    for (const [i, character] of [...path].entries()) {
      const [before, after] = [path.slice(0, i), path.slice(i + 1)]
      for (const other of ['0', 'f', 'A', '-', '/', '%', '&', character.toUpperCase()]) {
        if (other === character) continue
        expect(() => links.verify(before + other + after), before + other + after).toThrow(refused)
      }
      expect(() => links.verify(before + after)).toThrow(refused)
      expect(() => links.verify(before + character + character + after)).toThrow(refused)
    }
  })

  it.each(['&', '#', '\n', '&download=1', '&signature=x', `&signature=${'A'.repeat(43)}`])(
    'are refused with %j after them',
    (extra) => {
      const { links, path } = createWorld()
      expect(() => links.verify(path + extra)).toThrow(refused)
    },
  )

  it.each(['', '/', '/content/', `/content/${ID}`, `/content/${ID}?expires=1`, 'x'.repeat(10_000)])(
    'are not %#',
    (url) => {
      const { links } = createWorld()
      expect(() => links.verify(url)).toThrow(refused)
    },
  )

  it('made with another key are refused', () => {
    const { path } = createWorld(['another signing key'])
    expect(() => createWorld().links.verify(path)).toThrow(refused)
  })

  it('made with an old key work while that key is kept', () => {
    const { path } = createWorld(['old key'])
    expect(createWorld(['new key', 'old key']).links.verify(path).assetId).toBe(ID)
  })

  it('are not taken from signatures made for something else', () => {
    const { links, path } = createWorld()
    const signed = path.slice(0, path.lastIndexOf('&signature='))
    const signer = createSigner(['a signing key'])
    for (const text of [signed, `PUT\n${signed}`, `content${signed}`]) {
      expect(() => links.verify(`${signed}&signature=${signer.sign(text)}`)).toThrow(refused)
    }
  })
})
