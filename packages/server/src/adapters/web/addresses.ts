import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Address, number]

const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
const GIVEN_OUT = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether a connection to the address (text, as DNS or a socket gives it) may be opened. */
export type IsOpen = (address: string) => boolean

/**
 * Opens the addresses that are globally reachable, and those in `allowed`. The IANA registries of
 * special-purpose addresses (RFC 6890) name what is not; where a range is reachable but nobody
 * serves files from it (AS112, AMT, 6to4, Teredo), it stays closed.
 *
 * @param allowed CIDR ranges or addresses, e.g. `10.0.0.0/8`, `::1`
 * @throws TypeError when one of them is neither
 */
export function createIsOpen(allowed: string[]): IsOpen {
  const ranges = allowed.map(parseRange)
  return (text) => {
    const address = parse(text)
    if (!address) return false
    return isGlobal(address) || ranges.some((range) => contains(range, address))
  }
}

/**
 * `undefined` when it is none. Node looks first, being stricter: `010.0.0.1` must not be one address
 * here and another there. An IPv6 address loses its zone, and its dotted end to hexadecimal, because
 * ipaddr.js takes `::8.8.8.8` for `::ffff:8.8.8.8`, which is another address.
 */
function parse(text: string): Address | undefined {
  if (isIP(text) === 4) return ipaddr.IPv4.parse(text)
  if (isIP(text) !== 6) return undefined
  const { hostname } = new URL(`http://[${text.replace(/%.*/, '')}]`)
  return withoutMapping(ipaddr.IPv6.parse(hostname.slice(1, -1)))
}

/**
 * The ranges that ipaddr.js knows are those of the registries. What it does not know: IPv6 is only
 * given out from 2000::/3, so all else, such as IPv4-compatible addresses, leads nowhere good.
 */
function isGlobal(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  // A network that speaks only IPv6 reaches IPv4 so (RFC 6052): what counts is the address within.
  if (address.match(NAT64)) return isGlobal(embedded(address))
  return address.match(GIVEN_OUT) && address.range() === 'unicast'
}

/** The system opens an IPv4 connection to ::ffff:a.b.c.d, so that is what it is judged as. */
function withoutMapping(address: ipaddr.IPv6): Address {
  return address.isIPv4MappedAddress() ? embedded(address) : address
}

/** The IPv4 address in the last 32 bits. */
const embedded = (address: ipaddr.IPv6) => new ipaddr.IPv4(address.toByteArray().slice(12))

function contains([base, bits]: Range, address: Address): boolean {
  return base.kind() === address.kind() && address.match(base, bits)
}

function parseRange(text: string): Range {
  const [address = '', bits, ...rest] = text.split('/')
  const base = text.includes('%') ? undefined : parse(address)
  const most = base?.kind() === 'ipv4' ? 32 : 128
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  // A mapped address has become one of IPv4, and its bits would count from elsewhere.
  const isMapped = base?.kind() === 'ipv4' && address.includes(':')
  if (base && length <= most && rest.length === 0 && !isMapped) return [base, length]
  throw new TypeError(`not an address or a CIDR range: ${JSON.stringify(text)}`)
}
