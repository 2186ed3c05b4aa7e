import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { MAX_TOTAL_SIZE } from '@partway/protocol'
import { createIsOpen } from '../adapters/web/addresses.ts'
import { parseDuration, parseSize } from './units.ts'

// What settings may look like. Every parser throws a RangeError whose message completes the
// sentence "PARTWAY_X must be …".

export interface ListenAddress {
  host: string
  port: number
}

export function parseListen(text: string): ListenAddress {
  const [, bracketed, host, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65_535) {
    throw new RangeError('an address such as 127.0.0.1:4100 or [::1]:4100')
  }
  return { host: (bracketed ?? host)!, port: Number(port) }
}

export function schemePath(scheme: string) {
  return (text: string): string => {
    const path = text.startsWith(scheme) ? text.slice(scheme.length).replace(/^\/\/(?=\/)/, '') : ''
    if (path === '' || path.startsWith('//')) {
      throw new RangeError(`${scheme} followed by a path, such as ${scheme}/var/lib/partway/x`)
    }
    return resolve(path)
  }
}

/** Where metadata is kept. A `url` holds a password, and is never to be shown. */
export type DatabaseSetting = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: string }

export function parseDatabase(text: string): DatabaseSetting {
  if (text.startsWith('sqlite:')) return { kind: 'sqlite', path: schemePath('sqlite:')(text) }
  const url = URL.canParse(text) ? new URL(text) : undefined
  // A second slash, or an @, is what an unescaped password leaves of an address.
  const database = /^\/[^/@]+$/.test(url?.pathname ?? '')
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || !url.hostname || !database || url.hash) {
    throw new RangeError(
      'sqlite:PATH, or postgres://USER:PASSWORD@HOST:PORT/DATABASE with special characters percent-encoded',
    )
  }
  return { kind: 'postgres', url: text }
}

/** 32 characters are what `openssl rand -hex 16` gives: 128 bits. */
export function checkSigningKey(key: string): string {
  if (key.length < 32) throw new RangeError('keys of at least 32 characters each, none empty')
  return key
}

export function parsePublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const http = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!url || !http || url.search || url.hash || url.username || url.password) {
    throw new RangeError('an http or https URL without query, such as https://media.example.com')
  }
  return url.href.replace(/\/+$/, '')
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** What Fastify's trustProxy takes: addresses, ranges, and three names for common ranges. */
export function parseProxies(text: string): string[] {
  const proxies = parseList(text)
  for (const proxy of proxies) {
    const named = ['loopback', 'linklocal', 'uniquelocal'].includes(proxy)
    if (!named && !isRange(proxy)) {
      throw new RangeError('addresses or ranges such as 10.0.0.0/8, or loopback')
    }
  }
  return proxies
}

/** Addresses and ranges in CIDR notation. */
export function parseRanges(text: string): string[] {
  const ranges = parseList(text)
  try {
    createIsOpen(ranges)
  } catch {
    throw new RangeError('addresses or ranges such as 10.0.0.0/8')
  }
  return ranges
}

function isRange(text: string): boolean {
  const [address = '', bits = '0', ...rest] = text.split('/')
  const most = isIP(address) === 4 ? 32 : 128
  return isIP(address) !== 0 && /^\d+$/.test(bits) && Number(bits) <= most && rest.length === 0
}

export function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new RangeError(`a whole number from ${least} to ${most}`)
    }
    return value
  }
}

export function parseOrigins(text: string): string[] {
  const origins = parseList(text)
  for (const origin of origins) {
    const valid = origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin)
    if (!valid) throw new RangeError('origins such as https://app.example.com, or *')
  }
  return origins
}

export function parseMaxSize(text: string): number {
  const size = parseSize(text)
  if (size > MAX_TOTAL_SIZE) throw new RangeError('at most 5TiB')
  return size
}

export function atLeast(minimumMs: number) {
  return (text: string): number => {
    const duration = parseDuration(text)
    if (duration < minimumMs) throw new RangeError(`at least ${minimumMs}ms`)
    return duration
  }
}

/** What a timer can wait for: Node fires one of over 2^31 - 1 ms at once. */
export function timerFrom(minimumMs: number) {
  return (text: string): number => {
    const duration = atLeast(minimumMs)(text)
    if (duration >= 2 ** 31) throw new RangeError('at most 24d')
    return duration
  }
}

export function oneOf<const T extends string>(values: readonly T[]) {
  return (text: string): T => {
    const value = values.find((candidate) => candidate === text)
    if (value === undefined) throw new RangeError(`one of ${values.join(', ')}`)
    return value
  }
}
