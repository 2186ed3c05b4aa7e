/** A URL that must not be opened, and what it is. `PORT` stands for the tripwire's port. */
export interface HostileUrl {
  what: string
  url: string
  /** What the name of the host resolves to. */
  answers?: string[]
  /** Without the check, this connects to the tripwire on Linux. */
  reaches?: boolean
}

const literals: [what: string, host: string, reaches?: boolean][] = [
  ['loopback', '127.0.0.1', true],
  ['the last address of loopback', '127.255.255.254', true],
  ['loopback of IPv6', '[::1]', true],
  ['loopback of IPv6 in full', '[0000:0000:0000:0000:0000:0000:0000:0001]', true],
  ['loopback as one decimal number', '2130706433', true],
  ['loopback in octal', '0177.0.0.1', true],
  ['loopback in octal with zeros', '00000177.00.00.01', true],
  ['loopback in hexadecimal', '0x7f.1', true],
  ['loopback as one hexadecimal number', '0x7f000001', true],
  ['loopback in short', '127.1', true],
  ['loopback with a dot at its end', '127.0.0.1.', true],
  ['loopback percent-encoded', '%31%32%37.0.0.1', true],
  ['loopback in circled digits', '①②⑦.⓪.⓪.①', true],
  ['loopback with ideographic dots', '127。0。0。1', true],
  ['unspecified', '0.0.0.0', true],
  ['unspecified in short', '0', true],
  ['"this network"', '0.1.2.3'],
  ['unspecified of IPv6', '[::]', true],
  ['mapped loopback', '[::ffff:127.0.0.1]', true],
  ['mapped loopback in hexadecimal', '[::ffff:7f00:1]', true],
  ['mapped loopback in full', '[0:0:0:0:0:FFFF:7F00:0001]', true],
  ['mapped metadata service', '[::ffff:a9fe:a9fe]'],
  ['mapped private', '[::ffff:10.0.0.1]'],
  ['compatible loopback', '[::127.0.0.1]'],
  ['translated loopback (RFC 6145)', '[::ffff:0:127.0.0.1]'],
  ['metadata service', '169.254.169.254'],
  ['metadata service as one number', '2852039166'],
  ['metadata service in octal', '0251.0376.0251.0376'],
  ['metadata service of IPv6', '[fd00:ec2::254]'],
  ['metadata service of another cloud', '100.100.100.200'],
  ['link-local', '169.254.0.1'],
  ['link-local of IPv6', '[fe80::1]'],
  ['site-local of IPv6', '[fec0::1]'],
  ['unique local of IPv6', '[fc00::1]'],
  ['private, 10/8', '10.0.0.1'],
  ['private, 172.16/12', '172.31.255.255'],
  ['private, 192.168/16', '192.168.1.1'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['protocol assignments', '192.0.0.8'],
  ['documentation 1', '192.0.2.1'],
  ['documentation 2', '198.51.100.7'],
  ['documentation 3', '203.0.113.255'],
  ['documentation of IPv6', '[2001:db8::1]'],
  ['documentation of IPv6, the new one', '[3fff::1]'],
  ['benchmarking', '198.19.255.255'],
  ['multicast', '224.0.0.1'],
  ['multicast of IPv6', '[ff02::1]'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['private in NAT64', '[64:ff9b::10.0.0.1]'],
  ['loopback in NAT64', '[64:ff9b::7f00:1]'],
  ['local NAT64', '[64:ff9b:1::8.8.8.8]'],
  ['private in 6to4', '[2002:a00:1::1]'],
  ['loopback in 6to4', '[2002:7f00:1::]'],
  ['private in Teredo', '[2001:0:4136:e378:8000:63bf:f5ff:fffe]'],
  ['ORCHIDv2', '[2001:20::1]'],
  ['discard', '[100::1]'],
  ['segment routing', '[5f00::1]'],
  ['not given out', '[4000::1]'],
]

const names: [what: string, host: string, answers: string[], reaches?: boolean][] = [
  ['localhost', 'localhost', ['127.0.0.1', '::1'], true],
  ['localhost with a dot at its end', 'localhost.', ['127.0.0.1'], true],
  ['localhost in capitals', 'LOCALHOST', ['127.0.0.1'], true],
  ['localhost percent-encoded', 'lo%63alhost', ['127.0.0.1'], true],
  ['a name below localhost', 'app.localhost', ['127.0.0.1'], true],
  ['a name of loopback', 'evil.example', ['127.0.0.1'], true],
  ['a name of loopback of IPv6', 'evil.example', ['::1'], true],
  ['a name of mapped loopback', 'evil.example', ['::ffff:127.0.0.1'], true],
  ['a name of loopback with a zone', 'evil.example', ['::1%lo']],
  ['a name of link-local with a zone', 'evil.example', ['fe80::1%eth0']],
  ['a name of public, then private', 'evil.example', ['93.184.215.14', '10.0.0.1']],
  ['a name of private, then public', 'evil.example', ['10.0.0.1', '93.184.215.14']],
  ['a name of loopback, then public', 'evil.example', ['127.0.0.1', '93.184.215.14'], true],
  ['a name of public, then private of IPv6', 'evil.example', ['2606:4700::1111', 'fd00::1']],
  ['a name of a compatible address', 'evil.example', ['::8.8.8.8']],
  ['a name of what is no address', 'evil.example', ['2130706433']],
  ['a name of an address in octal', 'evil.example', ['010.8.8.8']],
  ['the metadata service by name', 'metadata.google.internal', ['169.254.169.254']],
]

export const HOSTILE_HOSTS: HostileUrl[] = [
  ...literals.map(([what, host, reaches = false]) => {
    return { what, url: `http://${host}:PORT/`, reaches }
  }),
  ...names.map(([what, host, answers, reaches = false]) => {
    return { what, url: `http://${host}:PORT/`, answers, reaches }
  }),
]

/** What must be refused before anything is resolved. */
export const HOSTILE_URLS: HostileUrl[] = [
  ['file', 'file:///etc/passwd'],
  ['file on a host', 'file://127.0.0.1/etc/passwd'],
  ['gopher', 'gopher://127.0.0.1:PORT/_GET%20/'],
  ['ftp', 'ftp://127.0.0.1:PORT/'],
  ['data', 'data:text/plain,hello'],
  ['javascript', 'javascript:alert(1)'],
  ['blob', 'blob:http://127.0.0.1:PORT/1'],
  ['ws', 'ws://127.0.0.1:PORT/'],
  ['unix', 'unix:/var/run/docker.sock'],
  ['a user', 'http://user@127.0.0.1:PORT/'],
  ['a user and a password', 'http://user:pass@evil.example:PORT/'],
  ['a host posing as a user', 'http://good.example@127.0.0.1:PORT/'],
  ['a password only', 'http://:pass@127.0.0.1:PORT/'],
  ['a zone', 'http://[fe80::1%25eth0]:PORT/'],
  ['a zone as it is', 'http://[::1%lo]:PORT/'],
  ['a number too large', 'http://4294967296:PORT/'],
  ['a number out of range', 'http://127.0.0.256:PORT/'],
  ['a port out of range', 'http://127.0.0.1:65536/'],
  ['no host', 'http://'],
  ['a path', '/etc/passwd'],
  ['nothing', ''],
  ['a name too long for DNS', `http://${'a'.repeat(255)}:PORT/`],
].map(([what, url]) => ({ what: what!, url: url! }))
