import { describe, expect, it } from 'vitest'
import { createIsOpen } from '../../src/adapters/web/addresses.ts'

/**
 * First and last address of every special range of the IANA registries, and the neighbours outside
 * it; `-` where the neighbour is special itself.
 */
const RANGES: [range: string, before: string, first: string, last: string, after: string][] = [
  ['0.0.0.0/8', '-', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['10.0.0.0/8', '9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.64.0.0/10', '100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['127.0.0.0/8', '126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['169.254.0.0/16', '169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.16.0.0/12', '172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['192.0.0.0/24', '191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['192.0.2.0/24', '192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['192.31.196.0/24', '192.31.195.255', '192.31.196.0', '192.31.196.255', '192.31.197.0'],
  ['192.52.193.0/24', '192.52.192.255', '192.52.193.0', '192.52.193.255', '192.52.194.0'],
  ['192.88.99.0/24', '192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['192.168.0.0/16', '192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['192.175.48.0/24', '192.175.47.255', '192.175.48.0', '192.175.48.255', '192.175.49.0'],
  ['198.18.0.0/15', '198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['198.51.100.0/24', '198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['203.0.113.0/24', '203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['224.0.0.0/4', '223.255.255.255', '224.0.0.0', '239.255.255.255', '-'],
  ['240.0.0.0/4', '-', '240.0.0.0', '255.255.255.255', '-'],
  ['::/3', '-', '::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2000::'],
  ['::1/128', '-', '::1', '::1', '-'],
  ['::/96', '-', '::2', '::255.255.255.255', '-'],
  ['::ffff:0:0:0/96', '-', '::ffff:0:0:0', '::ffff:0:255.255.255.255', '-'],
  ['64:ff9b:1::/48', '-', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', '-'],
  ['100::/64', '-', '100::', '100::ffff:ffff:ffff:ffff', '-'],
  ['100:0:0:1::/64', '-', '100:0:0:1::', '100::1:ffff:ffff:ffff:ffff', '-'],
  [
    ...(['2001::/23', '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001::'] as const),
    ...(['2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'] as const),
  ],
  ['2001:2::/48', '-', '2001:2::', '2001:2:0:ffff:ffff:ffff:ffff:ffff', '-'],
  ['2001:10::/28', '-', '2001:10::', '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['2001:20::/28', '-', '2001:20::', '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['2001:30::/28', '-', '2001:30::', '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  [
    ...(['2001:db8::/32', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db8::'] as const),
    ...(['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::'] as const),
  ],
  [
    ...(['2002::/16', '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2002::'] as const),
    ...(['2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2003::'] as const),
  ],
  [
    ...(['2620:4f:8000::/48', '2620:4f:7fff:ffff:ffff:ffff:ffff:ffff', '2620:4f:8000::'] as const),
    ...(['2620:4f:8000:ffff:ffff:ffff:ffff:ffff', '2620:4f:8001::'] as const),
  ],
  [
    ...(['3fff::/20', '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff::'] as const),
    ...(['3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:1000::'] as const),
  ],
  [
    ...(['4000::/2', '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '4000::'] as const),
    ...(['7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'] as const),
  ],
  ['5f00::/16', '-', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['8000::/1', '-', '8000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['fc00::/7', '-', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['fe80::/10', '-', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['fec0::/10', '-', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
  ['ff00::/8', '-', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '-'],
]

describe('which addresses are opened', () => {
  const isOpen = createIsOpen([])

  it.each(RANGES)('closes %s to its edges, and not beyond', (range, before, first, last, after) => {
    expect({ first: isOpen(first), last: isOpen(last) }).toEqual({ first: false, last: false })
    for (const neighbour of [before, after]) {
      if (neighbour !== '-')
        expect({ neighbour, open: isOpen(neighbour) }).toMatchObject({ open: true })
    }
    const allowed = createIsOpen([range])
    expect({ first: allowed(first), last: allowed(last) }).toEqual({ first: true, last: true })
  })

  // Each row again inside the ranges of IPv6 that carry an address of IPv4 to where it leads.
  it.each(RANGES.filter(([range]) => !range.includes(':')))(
    'judges %s within IPv6 as it does by itself',
    (_range, before, first, last, after) => {
      for (const prefix of ['::ffff:', '64:ff9b::']) {
        for (const closed of [first, last]) expect(isOpen(prefix + closed)).toBe(false)
        for (const open of [before, after]) {
          if (open !== '-') expect(isOpen(prefix + open)).toBe(true)
        }
      }
    },
  )

  it.each([
    '',
    'localhost',
    '1',
    '8.8.8',
    '08.8.8.8',
    '010.8.8.8',
    '[2606:4700::1111]',
    '8.8.8.8/8',
  ])('does not take %j for an address', (text) =>
    expect(createIsOpen(['0.0.0.0/0', '::/0'])(text)).toBe(false),
  )

  it('tells compatible addresses from mapped ones, in either spelling', () => {
    const [compatible, mapped] = [
      ['::8.8.8.8', '::808:808'],
      ['::ffff:8.8.8.8', '::ffff:808:808'],
    ]
    expect([compatible.map(isOpen), mapped.map(isOpen)]).toEqual([
      [false, false],
      [true, true],
    ])
  })

  it('opens public addresses', () => {
    for (const address of ['8.8.8.8', '93.184.215.14', '2606:4700::1111', '2a00:1450::200e']) {
      expect(isOpen(address)).toBe(true)
    }
  })
})

describe('the addresses that are allowed', () => {
  it('are opened and their neighbours are not', () => {
    const isOpen = createIsOpen(['10.1.0.0/16', '192.168.1.7', 'fd00:1::/32', '::1'])
    const open = [
      '10.1.0.0',
      '10.1.255.255',
      '192.168.1.7',
      'fd00:1:ffff::',
      '::1',
      '::ffff:10.1.2.3',
    ]
    const closed = ['10.0.255.255', '10.2.0.0', '192.168.1.8', 'fd00:2::', '::2', '::ffff:10.2.0.0']
    expect(open.filter((address) => !isOpen(address))).toEqual([])
    expect(closed.filter(isOpen)).toEqual([])
  })

  it.each([
    '10/8',
    '10.0.0',
    '010.0.0.0/8',
    '10.0.0.0/33',
    '::/129',
    'localhost',
    '',
    '::ffff:1.2.3.4',
  ])('cannot be written as %j', (text) => expect(() => createIsOpen([text])).toThrow(TypeError))
})
