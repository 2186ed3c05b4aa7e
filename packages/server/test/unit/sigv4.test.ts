import { describe, expect, it } from 'vitest'
import {
  createPresigner,
  createSignature,
  encodePath,
  type Scope,
  signingKey,
} from '../../src/adapters/s3/sigv4.ts'

// The access keys of Amazon's own examples.
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

describe("signature version 4, by Amazon's published examples", () => {
  it('derives a signing key', () => {
    // "Examples of how to derive a signing key", AWS general reference.
    const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
    expect(signingKey(secret, '20120215', 'us-east-1', 'iam').toString('hex')).toBe(
      'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d',
    )
  })

  it('signs a query', () => {
    // "Authenticating Requests: Using Query Parameters", Amazon S3 API reference.
    const canonicalRequest = [
      'GET',
      '/test.txt',
      [
        'X-Amz-Algorithm=AWS4-HMAC-SHA256',
        'X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request',
        'X-Amz-Date=20130524T000000Z',
        'X-Amz-Expires=86400',
        'X-Amz-SignedHeaders=host',
      ].join('&'),
      'host:examplebucket.s3.amazonaws.com',
      '',
      'host',
      'UNSIGNED-PAYLOAD',
    ].join('\n')
    const key = signingKey(SECRET, '20130524', 'us-east-1', 's3')
    const dated = { amzDate: '20130524T000000Z', scope: '20130524/us-east-1/s3/aws4_request' }
    expect(createSignature(key, dated)(canonicalRequest)).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })

  it('signs a header with a range', () => {
    // "Authenticating Requests: Using the Authorization Header", the same reference.
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    const canonicalRequest = [
      ...['GET', '/test.txt', '', 'host:examplebucket.s3.amazonaws.com', 'range:bytes=0-9'],
      ...[`x-amz-content-sha256:${empty}`, 'x-amz-date:20130524T000000Z', ''],
      ...['host;range;x-amz-content-sha256;x-amz-date', empty],
    ].join('\n')
    const key = signingKey(SECRET, '20130524', 'us-east-1', 's3')
    const dated = { amzDate: '20130524T000000Z', scope: '20130524/us-east-1/s3/aws4_request' }
    expect(createSignature(key, dated)(canonicalRequest)).toBe(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })
})

describe('the presigner', () => {
  const scope = (changes: Partial<Scope> = {}): Scope => ({
    ...{ credentials: { accessKeyId: 'AKIA', secretAccessKey: SECRET }, region: 'eu-central-1' },
    ...{ date: Date.parse('2026-11-22T23:59:59.999Z'), expiresIn: 3600 },
    ...changes,
  })
  const at = { method: 'PUT', origin: 'https://s3.example.com', path: '/bucket/key' } as const
  const signatureOf = (url: string) => new URL(url).searchParams.get('X-Amz-Signature')

  it('says when the URL starts to work, in whole seconds', () => {
    const { searchParams } = new URL(createPresigner()(scope(), at)('x-id=UploadPart'))
    expect(searchParams.get('X-Amz-Date')).toBe('20261122T235959Z')
    expect(searchParams.get('X-Amz-Expires')).toBe('3600')
  })

  it('remembers a signing key no longer than for its day, region and secret', () => {
    const remembering = createPresigner()
    const day = 24 * 3_600_000
    const scopes = [
      scope(),
      scope({ date: scope().date + day }),
      scope({ region: 'us-east-1' }),
      scope({ credentials: { accessKeyId: 'AKIA', secretAccessKey: `${SECRET}2` } }),
      scope(),
    ]
    for (const each of scopes) {
      const query = 'partNumber=1&uploadId=u&x-id=UploadPart'
      expect(remembering(each, at)(query)).toBe(createPresigner()(each, at)(query))
    }
    const signatures = scopes.map((each) => signatureOf(remembering(each, at)('x-id=UploadPart')))
    expect(new Set(signatures).size).toBe(4)
  })

  it('signs every part of a request', () => {
    const url = createPresigner()(scope(), { ...at, headers: { 'content-length': '5' } })
    const other = [
      createPresigner()(scope(), { ...at, headers: { 'content-length': '6' } }),
      createPresigner()(scope(), { ...at, method: 'GET', headers: { 'content-length': '5' } }),
      createPresigner()(scope(), {
        ...at,
        path: '/bucket/kez',
        headers: { 'content-length': '5' },
      }),
      createPresigner()(scope({ expiresIn: 3601 }), { ...at, headers: { 'content-length': '5' } }),
    ]
    const signatures = [url, ...other].map((make) => signatureOf(make('partNumber=1')))
    expect(new Set([...signatures, signatureOf(url('partNumber=2'))]).size).toBe(6)
  })

  it('keeps every slash of a key', () => {
    expect(encodePath('/a//b/ c+d~/ü')).toBe('/a//b/%20c%2Bd~/%C3%BC')
  })
})
