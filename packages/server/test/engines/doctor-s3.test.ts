import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import {
  GetBucketLifecycleConfigurationCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAws, runDoctor } from '../support/doctor.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryFolder } from '../support/program.ts'
import { startProxy } from '../support/proxy.ts'
import { makeBucket, s3Client, s3Environment, s3Missing, s3Url } from '../support/s3.ts'

const ORIGINS = 'https://app.example.com,https://studio.example.com'
const PAGES = ORIGINS.split(',').map((origin) => `uploads from ${origin}`)

describe.skipIf(s3Missing)('partway doctor on a bucket', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>

  beforeAll(async () => {
    folder = await temporaryFolder()
  })
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]()
  })

  const settings = (bucket: string, endpoint?: string): Record<string, string> => ({
    ...{ PARTWAY_DATA: folder.path, ...s3Environment() },
    PARTWAY_STORE_URL: s3Url(bucket, endpoint),
  })

  async function endpointOf(): Promise<string> {
    const { protocol, hostname, port } = await s3Client().config.endpoint!()
    return `${protocol}//${hostname}:${port}`
  }

  /** Nothing of a probe stays behind. */
  async function expectEmpty(Bucket: string) {
    const client = s3Client()
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).toEqual([])
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    expect(Uploads).toEqual([])
  }

  async function policy(Bucket: string, ...Action: string[]) {
    const Statement = [
      {
        ...{ Effect: 'Deny', Principal: '*', Action },
        Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
      },
    ]
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
    await s3Client().send(new PutBucketPolicyCommand({ Bucket, Policy }))
  }

  it('names what a new bucket lacks, and is content when its commands were run', async () => {
    const bucket = await makeBucket()
    const env = { ...settings(bucket), PARTWAY_CORS_ORIGINS: ORIGINS }

    const before = await runDoctor(env)

    expect(before).toMatchObject({ code: 1, ok: false })
    expect(before.names('failed')).toEqual(PAGES)
    expect(before.names('warning')).toEqual(['reading in pages', 'lifecycle rule'])
    expect(before.names('skipped')).toEqual([])
    await expectEmpty(bucket)

    await runAws(s3Client(), before.check(PAGES[0]!).remedy!)
    await runAws(s3Client(), before.check('lifecycle rule').remedy!)
    const after = await runDoctor(env)

    expect(after).toMatchObject({ code: 0, ok: true })
    expect([...after.names('failed'), ...after.names('warning')]).toEqual([])
    expect(after.names('ok')).toEqual(expect.arrayContaining([...PAGES, 'chunk URLs', 'complete']))
    expect(after.check('lifecycle rule').found).toBe('aborts abandoned uploads after 7 days')
    await expectEmpty(bucket)
  })

  it('says what rules of the bucket lack, and keeps those it has', async () => {
    const Bucket = await makeBucket()
    const env = { ...settings(Bucket), PARTWAY_CORS_ORIGINS: ORIGINS }
    await s3Client().send(
      new PutBucketCorsCommand({
        Bucket,
        CORSConfiguration: {
          CORSRules: [
            { AllowedOrigins: ['*'], AllowedMethods: ['PUT', 'GET'], AllowedHeaders: ['*'] },
          ],
        },
      }),
    )
    await s3Client().send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            {
              ...{ ID: 'others', Status: 'Enabled', Filter: { Prefix: 'logs/' } },
              Expiration: { Days: 3 },
            },
            {
              ...{ ID: 'hasty', Status: 'Enabled', Filter: { Prefix: '' } },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            },
          ],
        },
      }),
    )

    const before = await runDoctor(env)

    expect(before.names('failed')).toEqual([...PAGES, 'lifecycle rule'])
    expect(before.check(PAGES[0]!).found).toBe('pages may not read ETag, the proof of a chunk')
    expect(before.check('lifecycle rule').found).toContain('after 1 days; they may take 25 h')
    expect(before.check(PAGES[0]!).remedy).toContain('"AllowedMethods":["GET","PUT"]')
    await runAws(s3Client(), before.check(PAGES[1]!).remedy!)
    await runAws(s3Client(), before.check('lifecycle rule').remedy!)
    expect(await runDoctor(env)).toMatchObject({ code: 0, ok: true })
    const { Rules = [] } = await s3Client().send(
      new GetBucketLifecycleConfigurationCommand({ Bucket }),
    )
    expect(Rules.map(({ ID }) => ID).sort()).toEqual(['hasty', 'others'])
  })

  it('has a bucket made that is not there', async () => {
    const bucket = `absent-${Date.now().toString(36)}`
    const before = await runDoctor(settings(bucket))
    expect(before.code).toBe(1)
    expect(before.names('failed')).toEqual(['bucket'])
    expect(before.names('skipped')).toEqual(['absent objects', 'begin', 'abort', 'lifecycle rule'])

    await runAws(s3Client(), before.check('bucket').remedy!)

    expect((await runDoctor(settings(bucket))).names('failed')).toEqual([])
  })

  it('tells a wrong secret from an unknown key, and repeats neither', async () => {
    const bucket = await makeBucket()
    const secret = 'a-secret-that-must-not-be-shown'
    const wrong = await runDoctor({ ...settings(bucket), AWS_SECRET_ACCESS_KEY: secret })
    expect(wrong.names('failed')).toEqual(['bucket'])
    expect(wrong.check('bucket').found).toContain('SignatureDoesNotMatch')
    expect(wrong.check('bucket').remedy).toContain('export AWS_SECRET_ACCESS_KEY=')
    expect(wrong.stdout).not.toContain(secret)

    const unknown = await runDoctor({ ...settings(bucket), AWS_ACCESS_KEY_ID: 'nobody-knows-it' })
    expect(unknown.names('failed')).toEqual(['bucket'])
    expect(unknown.check('bucket').found).toContain('InvalidAccessKeyId')
    expect(unknown.stdout).not.toContain('nobody-knows-it')
  })

  it('finds that there are no credentials', async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...env } = settings(await makeBucket())
    const { check, names } = await runDoctor(env)
    expect(names('failed')).toEqual(['credentials'])
    expect(check('credentials').remedy).toContain('AWS_ACCESS_KEY_ID')
    expect(check('bucket').outcome).toBe('skipped')
  })

  it.each([
    ['s3:ListMultipartUploadParts', 'list chunks', '/media/*'],
    ['s3:AbortMultipartUpload', 'abort', '/media/*'],
    ['s3:DeleteObject', 'delete', '/media/*'],
    ['s3:GetObject', 'content URL', '/media/*'],
    ['s3:PutObject', 'begin', '/media/*'],
    ['s3:ListBucket', 'bucket', ''],
    ['s3:GetLifecycleConfiguration', 'lifecycle rule', ''],
  ])('names the right %s when it is what lacks', async (action, name, resource) => {
    const bucket = await makeBucket()
    await policy(bucket, action)
    const found = (await runDoctor(settings(bucket))).check(name)
    expect(found.outcome).toBe(name === 'lifecycle rule' ? 'warning' : 'failed')
    const [, statement] = /(\{.*\})$/.exec(found.remedy!) ?? []
    expect(JSON.parse(statement!)).toEqual({
      ...{ Effect: 'Allow', Action: action, Resource: `arn:aws:s3:::${bucket}${resource}` },
    })
  })

  it('finds a store that forbids what is not there', async () => {
    await using proxy = await startProxy(await endpointOf(), {
      after: ({ method, status }) => (method === 'HEAD' && status === 404 ? 403 : undefined),
    })
    const { check, names } = await runDoctor(settings(await makeBucket(), proxy.url))
    expect(names('failed')).toEqual(['absent objects'])
    expect(check('absent objects').remedy).toContain('"Action":"s3:ListBucket"')
  })

  it('says with what command to remove a probe that it may not remove itself', async () => {
    const bucket = await makeBucket()
    await policy(bucket, 's3:DeleteObject')
    const { check } = await runDoctor(settings(bucket))
    expect(check('removing the probe').remedy).toMatch(
      new RegExp(`^aws s3api delete-object --bucket ${bucket} .*--key media/objects/[0-9a-f]{24}$`),
    )
  })

  it('does not wait for a dead endpoint, nor for one that never answers', async () => {
    const dead = await runDoctor(settings('any-bucket', `http://127.0.0.1:${await freePort()}`))
    expect(dead.names('failed')).toEqual(['store'])
    expect(dead.check('store').found).toContain('ECONNREFUSED')
    expect(dead.check('store').remedy).toContain('curl -v http://127.0.0.1:')
    expect(dead.check('bucket').found).toBe('not checked: the store cannot be reached')

    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const hung = await runDoctor(settings('any-bucket', `http://127.0.0.1:${port}`))
    silent.close()
    expect(hung.check('store').found).toContain('no answer within 10 s')
  })

  it('ends soon when a store falls silent in the middle', async () => {
    const store = createHttpServer((request, response) => {
      if (request.method === 'POST') return
      const isObject = request.url!.includes('/objects/')
      response.writeHead(isObject ? 404 : 200).end('<ListBucketResult></ListBucketResult>')
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => store.once('listening', resolve))
    const { port } = store.address() as { port: number }
    const { code, check } = await runDoctor(settings('any-bucket', `http://127.0.0.1:${port}`))
    store.closeAllConnections()
    store.close()
    expect(code).toBe(1)
    expect(check('begin').found).toBe('s3:PutObject: no answer within 10 s')
    expect(check('complete').outcome).toBe('skipped')
  })

  it('finds a clock that is ten minutes off, and is not misled by it', async () => {
    const bucket = await makeBucket()
    const shift = `const { now } = Date
      globalThis.Date = class extends Date {
        constructor(...given) { given.length > 0 ? super(...given) : super(now() + 600000) }
        static now() { return now() + 600000 }
      }`
    const { check, names } = await runDoctor({
      ...settings(bucket),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}`,
    })
    expect(names('failed')).toEqual(['store clock'])
    expect(check('store clock').found).toMatch(/^it is (59\d|60\d) s earlier at http/)
    expect(check('store clock').remedy).toContain('timedatectl set-ntp true')
    await expectEmpty(bucket)
  })

  it('warns of a store that takes other sizes than were signed', async () => {
    const bucket = await makeBucket()
    await using proxy = await startProxy(await endpointOf(), {
      before: ({ method, requestBody }) =>
        method === 'PUT' && requestBody.byteLength === 12 ? 200 : undefined,
    })
    const { check, names } = await runDoctor(settings(bucket, proxy.url))
    expect(names('failed')).toEqual([])
    expect(check('size of chunks')).toMatchObject({ outcome: 'warning' })
    expect(check('complete').outcome).toBe('ok')
  })

  it('warns of a store that gives equal bytes another ETag each time', async () => {
    const bucket = await makeBucket()
    let puts = 0
    await using proxy = await startProxy(await endpointOf(), {
      etag: ({ method, requestBody }) =>
        method === 'PUT' && requestBody.byteLength === 11 ? `"${++puts}"` : undefined,
    })
    const { check, names } = await runDoctor(settings(bucket, proxy.url))
    expect(names('failed')).toEqual([])
    expect(check('repeated chunks')).toMatchObject({
      ...{ outcome: 'warning', found: expect.stringContaining('another ETag') },
      remedy: expect.stringMatching(/\naws s3api put-bucket-encryption --bucket .*"AES256"/),
    })
    expect(check('complete').outcome).toBe('ok')
    await expectEmpty(bucket)
  })

  it('finds what a proxy before the public endpoint does to chunks', async () => {
    const bucket = await makeBucket()
    await using proxy = await startProxy(await endpointOf(), {
      before: ({ method, requestBody }) =>
        method === 'PUT' && requestBody.byteLength > 2 ** 20
          ? { status: 413, body: '<html>413 Request Entity Too Large</html>' }
          : undefined,
    })
    const env = settings(bucket)
    env.PARTWAY_STORE_URL += `&public_endpoint=${encodeURIComponent(proxy.url)}`
    const { check, names } = await runDoctor(env)
    expect(names('failed')).toEqual(['chunk URLs'])
    expect(check('chunk URLs').remedy).toBe(
      `The proxy before ${proxy.url} limits bodies; nginx: client_max_body_size 0;`,
    )
    await expectEmpty(bucket)
  })
})
