import { describe, expect, it } from 'vitest'
import { createBucketCommand, statement } from '../../src/adapters/s3/probe-commands.ts'
import { answerError, isDenied, remedyOf, said } from '../../src/adapters/s3/probe-errors.ts'
import { remedyOf as databaseRemedyOf } from '../../src/adapters/sql/probe-postgres.ts'

const amazon = { bucket: 'my-films', prefix: 'partway/', region: 'eu-central-1' }
const ours = { ...amazon, region: 'us-east-1', endpoint: 'https://s3.example.com' }
const asked = { action: 's3:PutObject' }

const failure = (name: string, status?: number) =>
  Object.assign(new Error(`${name} of AKIAEXAMPLE`), {
    ...{ name, $metadata: status === undefined ? {} : { httpStatusCode: status } },
  })

describe('what mends a bucket', () => {
  it('is made for the region where Amazon wants to be told', () => {
    expect(createBucketCommand(amazon)).toBe(
      `aws s3api create-bucket --bucket my-films --region eu-central-1 --create-bucket-configuration '{"LocationConstraint":"eu-central-1"}'`,
    )
    expect(createBucketCommand(ours)).toBe(
      'aws s3api create-bucket --bucket my-films --endpoint-url https://s3.example.com --region us-east-1',
    )
  })

  it('names objects below the prefix, or the bucket, as the right asks for', () => {
    expect(JSON.parse(statement('s3:PutObject', amazon)).Resource).toBe(
      'arn:aws:s3:::my-films/partway/*',
    )
    expect(JSON.parse(statement('s3:ListBucket', amazon)).Resource).toBe('arn:aws:s3:::my-films')
  })

  it.each([
    [failure('ExpiredToken', 400), 'AWS_SESSION_TOKEN=…'],
    [failure('PermanentRedirect', 301), 'aws s3api get-bucket-location --bucket my-films'],
    [failure('AuthorizationHeaderMalformed', 400), 'region='],
    [failure('RequestTimeTooSkewed', 403), 'timedatectl set-ntp true'],
    [failure('AccessDenied', 403), '"Action":"s3:PutObject"'],
    [failure('403', 403), '"Action":"s3:PutObject"'],
    [failure('InternalError', 500), 'log of the store'],
    [
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      }),
      'NODE_EXTRA_CA_CERTS',
    ],
    [
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }),
      }),
      'curl -v https://s3.example.com',
    ],
  ])('depends on what was said: %s', (error, remedy) => {
    expect(remedyOf(error, asked, ours)).toContain(remedy)
  })

  it('takes a wrong signature of a URL for what a proxy changed, and names its address', () => {
    const place = { ...ours, publicEndpoint: 'https://films.example.com' }
    const error = answerError(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>')
    expect(remedyOf(error, { ...asked, signedUrl: true }, place)).toContain(
      'The proxy before https://films.example.com must hand on Host',
    )
    expect(remedyOf(error, asked, place)).toContain('AWS_SECRET_ACCESS_KEY')
    expect(isDenied(error)).toBe(false)
  })

  it('never repeats more of an error than its name and status', () => {
    expect(said(failure('AccessDenied', 403))).toBe('AccessDenied (HTTP status 403)')
    expect(said(failure('UnknownError', 403))).toBe('HTTP status 403')
    expect(said(answerError(413, '<html>'))).toBe('HTTP status 413')
  })
})

describe('what mends a database', () => {
  const url = 'postgres://partway:secret@db.example.com/films'
  const tls = (code: string) =>
    new Error('cannot be used', { cause: Object.assign(new Error(code), { code }) })

  it.each([
    [tls('DEPTH_ZERO_SELF_SIGNED_CERT'), '&sslrootcert='],
    [tls('SELF_SIGNED_CERT_IN_CHAIN'), '&sslrootcert='],
    [tls('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), '&sslrootcert='],
    [tls('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'), '&sslrootcert='],
    [tls('ERR_TLS_CERT_ALTNAME_INVALID'), '-connect db.example.com:5432'],
    [tls('CERT_HAS_EXPIRED'), 'Renew the certificate'],
    [new Error('The server does not support SSL connections'), 'ssl = on'],
    [tls('ECONNREFUSED'), 'pg_isready -h db.example.com -p 5432'],
  ])('depends on what was said: %s', (error, remedy) => {
    expect(databaseRemedyOf(error, url)).toContain(remedy)
  })
})
