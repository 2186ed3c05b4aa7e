import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSigner, secrets } from '../../src/adapters/crypto/index.ts'

describe('the signer', () => {
  it('signs alike what is alike, in URL-safe text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const signer = createSigner(['key'])
        expect(signer.sign(a)).toMatch(/^[\w-]{43}$/)
        expect(signer.verify(a, signer.sign(a))).toBe(true)
        if (Buffer.from(a).equals(Buffer.from(b))) return
        expect(signer.verify(b, signer.sign(a))).toBe(false)
      }),
    )
  })

  it('is HMAC-SHA-256 (RFC 4231, test case 2)', () => {
    const hex = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    const expected = Buffer.from(hex, 'hex').toString('base64url')
    expect(createSigner(['Jefe']).sign('what do ya want for nothing?')).toBe(expected)
  })

  it('verifies with every key and signs with the first', () => {
    const both = createSigner(['new', 'old'])
    expect(both.verify('text', createSigner(['old']).sign('text'))).toBe(true)
    expect(both.sign('text')).toBe(createSigner(['new']).sign('text'))
    expect(createSigner(['old']).verify('text', both.sign('text'))).toBe(false)
  })

  it('refuses signatures of any other length or spelling without an error', () => {
    const signer = createSigner(['key'])
    const good = signer.sign('text')
    for (const bad of ['', 'x', `${good}=`, good.slice(1), `${good}A`, 'é'.repeat(43), '\0']) {
      expect(signer.verify('text', bad)).toBe(false)
    }
  })

  it.each([[[]], [['']], [['key', '']]])('cannot be made of the keys %j', (keys) => {
    expect(() => createSigner(keys)).toThrow(RangeError)
  })
})

describe('secrets', () => {
  it('are hashed as SHA-256 in hex', () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    expect(secrets.hash('abc')).toBe(abc)
    expect(secrets.hash(new TextEncoder().encode('abc'))).toBe(abc)
  })

  it('are compared by their whole text', () => {
    expect(secrets.equal('abc', 'abc')).toBe(true)
    for (const other of ['abd', 'ab', 'abcd', '', 'ABC']) {
      expect(secrets.equal('abc', other)).toBe(false)
    }
  })

  it('are random', () => {
    const made = Array.from({ length: 100 }, () => secrets.random())
    for (const secret of made) expect(secret).toMatch(/^[\w-]{43}$/)
    expect(new Set(made).size).toBe(100)
  })
})
