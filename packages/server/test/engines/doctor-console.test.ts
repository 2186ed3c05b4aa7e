import { PutBucketCorsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runAws, runDoctor } from '../support/doctor.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryFolder } from '../support/program.ts'
import { makeBucket, s3Client, s3Environment, s3Missing, s3Url } from '../support/s3.ts'

const APP = 'https://app.example.com'

describe.skipIf(s3Missing)('partway doctor on a bucket that the console is to use', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let origin: string
  beforeAll(async () => {
    folder = await temporaryFolder()
    origin = `http://127.0.0.1:${await freePort()}`
  })
  afterAll(() => folder?.[Symbol.asyncDispose]())

  const settings = (bucket: string, more: Record<string, string> = {}) => ({
    ...{ PARTWAY_DATA: folder.path, ...s3Environment(), PARTWAY_STORE_URL: s3Url(bucket) },
    ...{ PARTWAY_PUBLIC_URL: `${origin}/media`, ...more },
  })

  it('warns that the console is not let in, and is content when its command was run', async () => {
    const bucket = await makeBucket()
    const before = await runDoctor(settings(bucket))
    expect(before.names('failed')).toEqual([])
    expect(before.check(`uploads from ${origin}`)).toMatchObject({
      ...{ outcome: 'warning', found: expect.stringContaining('the console cannot upload') },
    })
    expect(before.check('reading in pages').outcome).toBe('warning')

    await runAws(s3Client(), before.check(`uploads from ${origin}`).remedy!)

    const after = await runDoctor(settings(bucket))
    expect(after.check(`uploads from ${origin}`).outcome).toBe('ok')
    expect(after.check('reading in pages').outcome).toBe('ok')
  })

  it('warns of a rule that lets the console upload and not read', async () => {
    const Bucket = await makeBucket()
    const rule = {
      ...{ AllowedOrigins: [origin], AllowedMethods: ['PUT'], ExposeHeaders: ['ETag'] },
      AllowedHeaders: ['*'],
    }
    const reading = { AllowedOrigins: ['*'], AllowedMethods: ['GET'] }
    const CORSConfiguration = { CORSRules: [rule, reading] }
    await s3Client().send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
    const { check } = await runDoctor(settings(Bucket))
    expect(check(`uploads from ${origin}`).outcome).toBe('ok')
    expect(check('reading in pages')).toMatchObject({
      ...{ outcome: 'warning', found: `players in the console cannot read, as ${origin}` },
    })
  })

  it('lets in listed pages and the console by one command', async () => {
    const bucket = await makeBucket()
    const env = settings(bucket, { PARTWAY_CORS_ORIGINS: APP })
    const before = await runDoctor(env)
    expect(before.names('failed')).toEqual([`uploads from ${APP}`])
    await runAws(s3Client(), before.check(`uploads from ${APP}`).remedy!)
    const after = await runDoctor(env)
    for (const page of [APP, origin]) {
      expect(after.check(`uploads from ${page}`).outcome, page).toBe('ok')
    }
  })

  it('looks at the console once, where its origin is listed or all are', async () => {
    const bucket = await makeBucket()
    for (const [listed, others] of [
      [origin, []],
      ['*', [origin]],
    ] as const) {
      const { check, checks } = await runDoctor(settings(bucket, { PARTWAY_CORS_ORIGINS: listed }))
      expect(check(`uploads from ${listed}`).outcome).toBe('failed')
      const names = checks.map((finding) => finding.check)
      for (const other of others) expect(names).not.toContain(`uploads from ${other}`)
    }
  })

  it('says that it knows of no page where neither is set', async () => {
    const { PARTWAY_PUBLIC_URL, ...env } = settings(await makeBucket())
    const { check, names } = await runDoctor(env)
    expect(check('uploads from pages').found).toContain('PARTWAY_PUBLIC_URL')
    expect(names('warning')).not.toContain('reading in pages')
  })
})
