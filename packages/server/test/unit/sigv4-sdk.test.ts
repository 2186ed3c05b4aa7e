import { GetObjectCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressOf } from '../../src/adapters/s3/address.ts'
import { openBucket } from '../../src/adapters/s3/bucket.ts'
import { createPresigner, encode, encodePath } from '../../src/adapters/s3/sigv4.ts'

// The presigner of the AWS SDK, and ours, on the same cases: every byte of the URL is the same.

const text = (more: fc.Arbitrary<string>, minLength = 1) =>
  fc
    .array(fc.oneof(more, fc.constantFrom(...' +~/%!\'()*&=?#:@,;"<>[]{}|\\^`.-_$', '//', '%2F')), {
      ...{ minLength, maxLength: 40 },
    })
    .map((pieces) => pieces.join(''))

const anyText = (minLength?: number) =>
  text(
    fc.oneof(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
    ),
    minLength,
  )

const name = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })

const HEX = '0123456789abcdef'
const identities = fc.record({
  accessKeyId: name('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16, 20),
  secretAccessKey: name('abcXYZ0189+/', 40, 40),
  sessionToken: fc.option(name('abcXYZ0189+/=', 1, 200), { nil: undefined }),
})

const places = fc.constantFrom(
  { endpoint: undefined, region: 'us-east-1', bucket: 'films' },
  { endpoint: undefined, region: 'eu-central-1', bucket: 'films' },
  { endpoint: undefined, region: 'cn-north-1', bucket: 'films' },
  { endpoint: undefined, region: 'us-gov-west-1', bucket: 'films.example.com' },
  { endpoint: 'http://127.0.0.1:7480', region: 'default', bucket: 'films' },
  { endpoint: 'http://[::1]:7480', region: 'us-east-1', bucket: 'films' },
  { endpoint: 'https://s3.example.com', region: 'us-east-1', bucket: 'films' },
  { endpoint: 'https://s3.example.com:8443', region: 'us-east-1', bucket: 'films.of.2026' },
  { endpoint: 'https://0123456789.r2.cloudflarestorage.com', region: 'auto', bucket: 'films' },
)

const cases = fc.record({
  place: places,
  pathStyle: fc.boolean(),
  identity: identities,
  key: anyText(),
  date: fc.integer({ min: Date.parse('2001-01-01'), max: Date.parse('2099-12-31') }),
  expiresIn: fc.integer({ min: 1, max: 604_800 }),
})

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never

type Identity = Awaited<ReturnType<S3Client['config']['credentials']>>

/** Both presigners at one place. */
function presignersFor({ place, pathStyle, identity: who, key, date, expiresIn }: Case) {
  const { bucket, ...at } = place
  const credentials = async () => who as Identity
  const options = { ...at, bucket, prefix: '', pathStyle, clock: () => date, credentials }
  const opened = openBucket(options)
  const { origin, root } = addressOf(opened, options)
  const scope = { credentials: who, region: at.region, date, expiresIn }
  return {
    inBucket: { Bucket: bucket, Key: key },
    ours: (method: 'GET' | 'PUT', query: string, headers = {}) =>
      createPresigner()(scope, { method, origin, path: root + encodePath(`/${key}`), headers })(
        query,
      ),
    theirs: (command: GetObjectCommand | UploadPartCommand) =>
      getSignedUrl(opened.client, command as GetObjectCommand, {
        ...{ expiresIn, signingDate: new Date(date) },
      }),
  }
}

describe("our presigner and the AWS SDK's make the same URL", () => {
  it('for a part, whose length is signed', { timeout: 120_000 }, async () => {
    const part = fc.record({
      PartNumber: fc.integer({ min: 1, max: 10_000 }),
      UploadId: fc.oneof(anyText(), name(`${HEX}~._-`, 1, 100)),
      ContentLength: fc.integer({ min: 1, max: 5 * 2 ** 30 }),
    })
    await fc.assert(
      fc.asyncProperty(cases, part, async (at, { PartNumber, UploadId, ContentLength }) => {
        const { inBucket, ours, theirs } = presignersFor(at)
        const query = `partNumber=${PartNumber}&uploadId=${encode(UploadId)}&x-id=UploadPart`
        expect(ours('PUT', query, { 'content-length': String(ContentLength) })).toBe(
          await theirs(new UploadPartCommand({ ...inBucket, PartNumber, UploadId, ContentLength })),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it('for reading, with what the answer is to say', { timeout: 120_000 }, async () => {
    const shown = fc.record({ type: anyText(), disposition: anyText() })
    await fc.assert(
      fc.asyncProperty(cases, shown, async (at, { type, disposition }) => {
        const { inBucket, ours, theirs } = presignersFor(at)
        const query = [
          `response-content-disposition=${encode(disposition)}`,
          `response-content-type=${encode(type)}`,
          'x-id=GetObject',
        ].join('&')
        expect(ours('GET', query)).toBe(
          await theirs(
            new GetObjectCommand({
              ...inBucket,
              ...{ ResponseContentType: type, ResponseContentDisposition: disposition },
            }),
          ),
        )
      }),
      { numRuns: 2000 },
    )
  })
})
