import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HeadBucketCommand } from '@aws-sdk/client-s3'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openBucket, type S3StoreOptions } from '../../src/adapters/s3/bucket.ts'
import { openS3Store } from '../../src/adapters/s3/store.ts'
import { sampleUpload, T0 } from '../contract/samples.ts'

const MINUTE = 60_000
const WEEK = 7 * 24 * 60 * MINUTE

const openStore = (changes: Partial<S3StoreOptions> = {}, expiration?: number) =>
  openS3Store(optionsOf(changes, expiration))

function optionsOf(changes: Partial<S3StoreOptions> = {}, expiration?: number): S3StoreOptions {
  const who = { accessKeyId: 'AKIA', secretAccessKey: 'secret' }
  return {
    ...{ bucket: 'films', prefix: 'media/', region: 'us-east-1', pathStyle: false },
    ...{ endpoint: 'https://s3.example.com', clock: () => T0 },
    credentials: async () =>
      expiration === undefined
        ? who
        : { ...who, sessionToken: 't/+', expiration: new Date(expiration) },
    ...changes,
  }
}

const presign = async (store: ReturnType<typeof openStore>, expiresAt: number) => {
  const { urls, expiresAt: end } = await store.presign(
    sampleUpload({ storeRef: 'a/b+c~' }),
    [1, 3],
    {
      ...{ origin: 'http://unused', expiresAt },
    },
  )
  return { url: new URL(urls[0]!), last: new URL(urls[1]!), end }
}

/** When a URL stops to work. */
function endOf({ searchParams }: URL): number {
  const date = searchParams.get('X-Amz-Date')!
  const start = date.replace(/(....)(..)(...)(..)(..)(...)/, '$1-$2-$3$4:$5:$6')
  return Date.parse(start) + Number(searchParams.get('X-Amz-Expires')) * 1000
}

/** A store whose clock is so many seconds ahead of ours, until the test is over. */
async function startClock(ahead: number): Promise<string> {
  const server = createServer((_request, response) => {
    response.sendDate = false
    response.setHeader('date', new Date(Date.now() + ahead * 1000).toUTCString()).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the URLs of a bucket', () => {
  it('work until the time asked for', async () => {
    const { url, end } = await presign(openStore(), T0 + 60 * MINUTE)
    expect(end).toBe(T0 + 60 * MINUTE)
    expect(endOf(url)).toBe(end)
  })

  it('work no longer than the credentials that signed them, and say so', async () => {
    // Further away than the SDK would renew them at once.
    const expiration = Date.now() + 60 * MINUTE
    const { url, end } = await presign(openStore({}, expiration), Date.now() + WEEK)
    expect(Math.abs(end - expiration)).toBeLessThan(2000)
    expect(endOf(url)).toBe(end)
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe('t/+')
  })

  it('work for a second at least', async () => {
    const { url, end } = await presign(openStore({}, T0 - MINUTE), T0 + 60 * MINUTE)
    expect(end).toBe(T0 + 1000)
    expect(endOf(url)).toBe(end)
  })

  it('work for seven days at most', async () => {
    const { url, end } = await presign(openStore(), T0 + 2 * WEEK)
    expect(end).toBe(T0 + WEEK)
    expect(endOf(url)).toBe(end)
  })

  it('name the part, and sign its length', async () => {
    const { url, last } = await presign(openStore(), T0 + MINUTE)
    expect(url.href).toMatch(/^https:\/\/films\.s3\.example\.com\/media\/objects\/[0-9a-f]{24}\?/)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      ...{ partNumber: '1', uploadId: 'a/b+c~', 'X-Amz-SignedHeaders': 'content-length;host' },
    })
    expect(last.searchParams.get('partNumber')).toBe('3')
  })

  it.each<Partial<S3StoreOptions>>([
    {},
    { endpoint: 'http://127.0.0.1:7480', pathStyle: true },
    { endpoint: 'http://rgw:7480', publicEndpoint: 'https://s3.example.org' },
    { endpoint: undefined, region: 'eu-central-1' },
  ])('lead to the origin that the store names, for writers and readers: %j', async (changes) => {
    const store = openStore(changes)
    const { url } = await presign(store, T0 + MINUTE)
    expect(store.origin).toBe(url.origin)
    const context = { expiresAt: T0 + MINUTE, contentType: 'video/mp4', disposition: undefined }
    expect(new URL(await store.presignRead!('a'.repeat(24), undefined, context)).origin).toBe(
      store.origin,
    )
  })

  it('lead to where clients reach the store', async () => {
    const at = (changes: Partial<S3StoreOptions>) =>
      presign(openStore(changes), T0 + MINUTE).then(
        ({ url }) => url.origin + url.pathname.slice(0, 20),
      )
    const publicEndpoint = 'https://s3.example.org'
    expect(await at({ endpoint: 'http://rgw:7480', publicEndpoint, pathStyle: true })).toBe(
      'https://s3.example.org/films/media/objects',
    )
    expect(await at({ endpoint: 'http://rgw:7480', publicEndpoint })).toMatch(
      /^https:\/\/films\.s3\.example\.org\/media\/objects/,
    )
    expect(await at({ endpoint: undefined, region: 'eu-central-1' })).toMatch(
      /^https:\/\/films\.s3\.eu-central-1\.amazonaws\.com\/media\/objects/,
    )
  })

  it('for reading say what the answer is to say', async () => {
    const store = openStore()
    const read = async (name: string | undefined, disposition: string | undefined) =>
      new URL(
        await store.presignRead!('a'.repeat(24), name, {
          ...{ expiresAt: T0 + MINUTE, contentType: 'video/mp4', disposition },
        }),
      )
    const object = await read(undefined, 'inline; filename="ü"')
    expect(object.pathname).toBe(`/media/objects/${'a'.repeat(24)}`)
    expect(Object.fromEntries(object.searchParams)).toMatchObject({
      'response-content-type': 'video/mp4',
      'response-content-disposition': 'inline; filename="ü"',
      'X-Amz-SignedHeaders': 'host',
    })
    const file = await read('thumbnail.jpg', undefined)
    expect(file.pathname).toBe(`/media/files/${'a'.repeat(24)}/thumbnail.jpg`)
    expect(file.searchParams.has('response-content-disposition')).toBe(false)
  })

  it.each(['../../x', 'a/b', '', 'A'.repeat(24), `${'a'.repeat(23)}%`])(
    'are made for no key that is not ours: %j',
    async (ref) => {
      const request = { expiresAt: T0, contentType: 'a/b', disposition: undefined }
      await expect(openStore().presignRead!(ref, undefined, request)).rejects.toThrow('not an id')
      await expect(openStore().presignRead!('a'.repeat(24), ref, request)).rejects.toThrow(
        'not a file name',
      )
    },
  )

  it('need no answer from the store; a ping that gets none says so soon', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => server.closeAllConnections())
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const store = openStore({ endpoint: `http://127.0.0.1:${port}` })
    expect((await presign(store, T0 + MINUTE)).end).toBe(T0 + MINUTE)
    const started = performance.now()
    await expect(store.ping()).rejects.toMatchObject({
      ...{ code: 'service_unavailable' },
    })
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('lead to where the control calls go, whatever the environment says', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9')
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true')
    onTestFinished(() => void vi.unstubAllEnvs())
    const options = optionsOf({ endpoint: undefined })
    const { client } = openBucket(options)
    let asked: string | undefined
    client.middlewareStack.add(
      () => async (args) => {
        asked = (args.request as { hostname: string }).hostname
        throw new Error('seen')
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    await expect(client.send(new HeadBucketCommand({ Bucket: 'films' }))).rejects.toThrow('seen')

    const { url } = await presign(openS3Store(options), T0 + MINUTE)

    expect(asked).toBe('films.s3.us-east-1.amazonaws.com')
    expect(url.hostname).toBe(asked)
  })

  it.each([
    [0, 0],
    [3, 0],
    [600, 600],
    [-600, -600],
  ])("go by the store's clock when it is %i seconds ahead", async (ahead, applied) => {
    const endpoint = await startClock(ahead)
    const store = openStore({ endpoint, clock: Date.now })
    await store.ping()
    const { url, end } = await presign(store, Date.now() + 60 * MINUTE)
    expect(Math.abs(endOf(url) - end - applied * 1000)).toBeLessThanOrEqual(2000)
    if (applied === 0) expect(endOf(url)).toBe(end)
  })

  it.each([600, -600])(
    'end with credentials by the clock of the store, %i seconds ahead',
    async (ahead) => {
      const endpoint = await startClock(ahead)
      const expiration = Date.now() + 60 * MINUTE
      const store = openStore({ endpoint, clock: Date.now }, expiration)
      await store.ping()
      const { url, end } = await presign(store, Date.now() + WEEK)
      expect(Math.abs(endOf(url) - expiration)).toBeLessThanOrEqual(2000)
      expect(Math.abs(end - (expiration - ahead * 1000))).toBeLessThanOrEqual(2000)
    },
  )
})
