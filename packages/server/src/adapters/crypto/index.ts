import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { NewId, Secrets, Signer } from '../../core/ports.ts'

const equal = (a: string, b: string): boolean => {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}

export const secrets: Secrets = {
  random: () => randomBytes(32).toString('base64url'),
  hash: (data) => hash('sha256', data, 'hex'),
  equal,
}

/**
 * HMAC-SHA-256 signatures (RFC 2104), base64url. The first key signs, all verify, so keys can be
 * changed without breaking the URLs that are out. Signatures are compared as text: decoding first
 * would let the two spare bits of the last character vary.
 *
 * @throws RangeError when there is no key, or an empty one
 */
export function createSigner(keys: readonly string[]): Signer {
  const [first] = keys
  if (!first || keys.some((key) => key === '')) throw new RangeError('a signing key is empty')
  const mac = (key: string, text: string) =>
    createHmac('sha256', key).update(text).digest('base64url')
  return {
    sign: (text) => mac(first, text),
    verify: (text, signature) => keys.some((key) => equal(mac(key, text), signature)),
  }
}

/**
 * 24 hex digits like those of the API we speak: 4 bytes of epoch seconds, 5 random bytes of this
 * process, 3 bytes counting up from a random start.
 */
export function createNewId(clock: () => number): NewId {
  const process = randomBytes(5).toString('hex')
  let counter = randomBytes(3).readUIntBE(0, 3)
  return () => {
    counter = (counter + 1) % 0x1000000
    const seconds = Math.floor(clock() / 1000)
      .toString(16)
      .padStart(8, '0')
    return seconds + process + counter.toString(16).padStart(6, '0')
  }
}
