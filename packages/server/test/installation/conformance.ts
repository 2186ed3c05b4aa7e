import { join } from 'node:path'
import { TwelvelabsApi } from 'twelvelabs-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Installation, OpenInstallation } from '../support/installation.ts'
import { type Program, TEST_KEY, temporaryFolder } from '../support/program.ts'
import { type Api, CHUNK, createApi, proofOf, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, writeRandomFile } from '../support/program-files.ts'
import { type Exchange, type Faults, startProxy } from '../support/proxy.ts'
import { createSdk, tameSdk } from '../support/sdk.ts'

/**
 * Section 11 of the contract, by its numbers. Item 9 is about `POST /assets`, which does not exist
 * yet; the Python client of item 1 is not an npm package.
 */
export function conformanceSentences(installation: Installation): void {
  describe.skipIf(installation.skips)(`the conformance checklist on ${installation.name}`, () => {
    let opened: OpenInstallation
    /** Stands before a store that clients talk to themselves. */
    let storeProxy: Awaited<ReturnType<typeof startProxy>> | undefined
    let storeFaults: Faults = {}
    let server: Program
    let api: Api
    const current: Faults = {
      before: (asked) => storeFaults.before?.(asked),
      after: (exchange) => storeFaults.after?.(exchange),
      etag: (exchange) => storeFaults.etag?.(exchange),
    }
    tameSdk()

    beforeAll(async () => {
      const { endpoint } = installation
      storeProxy = endpoint ? await startProxy(endpoint, current) : undefined
      opened = await installation.open({ publicEndpoint: storeProxy?.url })
      server = await opened.start()
      api = createApi(server)
    })
    afterAll(async () => {
      await server?.kill()
      await opened?.[Symbol.asyncDispose]()
      await storeProxy?.[Symbol.asyncDispose]()
    })

    /** Uploads a random file with the official client through a proxy. */
    async function uploadThrough(faults: Faults, size: number) {
      await using files = await temporaryFolder()
      await using proxy = await startProxy(server.url, faults)
      const path = join(files.path, 'film.mp4')
      const expected = await writeRandomFile(path, size)
      const before = storeProxy?.exchanges.length
      storeFaults = faults
      try {
        const result = await createSdk(proxy).multipartUpload.uploadFile(path)
        const received = result.assetUrl && (await fetchSha256(result.assetUrl))
        const exchanges = [...proxy.exchanges, ...(storeProxy?.exchanges.slice(before) ?? [])]
        return { ...result, expected, received, exchanges }
      } finally {
        storeFaults = {}
      }
    }

    const reports = (exchanges: Exchange[]) =>
      exchanges.filter(
        (e) => e.method === 'POST' && /\/multipart-uploads\/[0-9a-f]{24}$/.test(e.url),
      )
    const presigns = (exchanges: Exchange[]) =>
      exchanges.filter(({ url }) => url.endsWith('/presigned-urls'))
    const json = (bytes: Buffer) => JSON.parse(bytes.toString())

    it('1: the unmodified client uploads with only the base URL set', async () => {
      const { assetId, assetUrl, expected, received } = await uploadThrough({}, CHUNK + 4321)

      expect(assetId).toMatch(/^[0-9a-f]{24}$/)
      expect(assetUrl).not.toBe('')
      expect(received).toBe(expected)
    })

    it.each([
      { name: 'one chunk', size: CHUNK, chunks: 1, asked: [] },
      { name: 'an exact multiple', size: 2 * CHUNK, chunks: 2, asked: [] },
      { name: 'a tail of one byte', size: CHUNK + 1, chunks: 2, asked: [] },
      { name: '11 chunks', size: 11 * CHUNK, chunks: 11, asked: [] },
      {
        name: 'more than 50 chunks, for which URLs are asked',
        ...{ size: 50 * CHUNK + 99, chunks: 51, asked: [{ start: 51, count: 1 }] },
      },
    ])('2: $name', async ({ size, chunks, asked }) => {
      const { expected, received, exchanges } = await uploadThrough({}, size)

      expect(received).toBe(expected)
      expect(exchanges.filter(({ method }) => method === 'PUT')).toHaveLength(chunks)
      expect(presigns(exchanges).map(({ requestBody }) => json(requestBody))).toEqual(asked)
    })

    it('3: a PUT that fails once with 500 succeeds on the same URL', async () => {
      let spoiled: string | undefined
      const { expected, received, exchanges } = await uploadThrough(
        {
          before({ method, url }) {
            if (method !== 'PUT' || spoiled) return undefined
            spoiled = url
            return 500
          },
        },
        2 * CHUNK,
      )

      expect(received).toBe(expected)
      const puts = exchanges.filter(({ url }) => url === spoiled).map(({ status }) => status)
      expect(puts).toEqual([0, 200])
      expect(presigns(exchanges)).toEqual([])
    })

    it('4: a report answered with 500 after it was applied is repeated as duplicates', async () => {
      let spoiled = 0
      const { expected, received, exchanges, assetUrl } = await uploadThrough(
        {
          after: (exchange) =>
            reports([exchange]).length > 0 && spoiled++ === 0 ? 500 : undefined,
        },
        2 * CHUNK + 5,
      )

      const answers = reports(exchanges).map(({ responseBody }) => json(responseBody))
      expect(answers).toMatchObject([
        { processed_chunks: 3, duplicate_chunks: 0, total_completed: 3 },
        { processed_chunks: 0, duplicate_chunks: 3, total_completed: 3 },
      ])
      expect(answers[1].url).toBe(assetUrl)
      expect(received).toBe(expected)
    })

    it('5: a page past the end is empty, and the waiter counts 25 chunks', async () => {
      const { session, proofs } = await sendAll(api, randomVideo(24 * CHUNK + 1))
      await api.report(session.upload_id, proofs)
      const uploads = '/assets/multipart-uploads'
      for (const path of [uploads, `${uploads}/${session.upload_id}`, '/assets']) {
        const { status, body } = await api.request('GET', `${path}?page=99`)
        const { data, uploaded_chunks, page_info } = body as Record<string, unknown>
        expect({ path, status, items: data ?? uploaded_chunks }).toEqual({
          ...{ path, status: 200, items: [] },
        })
        expect(page_info).toMatchObject({ page: 99, limit_per_page: 10 })
      }

      const result = await createSdk(server).multipartUpload.waitForUploadCompletion(
        session.upload_id,
      )

      expect(result).toEqual({ status: 'completed', completedChunks: 25, totalChunks: 25 })
    })

    it('6: the waiter for an expired upload throws and does not loop', async () => {
      await using shortLived = await opened.start({ env: { PARTWAY_UPLOAD_TTL: '6s' } })
      const bytes = randomVideo(2 * CHUNK)
      const { session, proofs } = await sendAll(createApi(shortLived), bytes)
      await createApi(shortLived).report(session.upload_id, [proofs[0]!])

      const waiting = createSdk(shortLived).multipartUpload.waitForUploadCompletion(
        session.upload_id,
        { sleepInterval: 0.2 },
      )

      await expect(waiting).rejects.toThrow('Chunks 2 failed to upload')
      const { status, chunks_completed, chunks_failed } = await createApi(shortLived).status(
        session.upload_id,
      )
      expect({ status, chunks_completed, chunks_failed }).toEqual({
        ...{ status: 'expired', chunks_completed: 1, chunks_failed: 1 },
      })
    })

    it('7: a wrong proof is refused, the client throws, and the upload can go on', async () => {
      const wrong = '"0123456789abcdef0123456789abcdef"'
      const exchanges: Exchange[] = []
      const failing = uploadThrough(
        {
          etag(exchange) {
            exchanges.push(exchange)
            return exchange.method === 'PUT' ? wrong : undefined
          },
        },
        CHUNK,
      )
      await expect(failing).rejects.toThrow(/^Upload failed: .*400/s)
      const { upload_id } = json(exchanges[0]!.responseBody)
      const put = exchanges.find(({ method }) => method === 'PUT')!

      expect(await api.status(upload_id)).toMatchObject({ status: 'active', chunks_completed: 0 })
      const proof = proofOf(1, put.headers.etag!, put.requestBody)
      expect(await api.report(upload_id, [proof])).toMatchObject({
        ...{ processed_chunks: 1, url: expect.stringContaining('http') },
      })
    })

    it('8: a null enable_hls is accepted and a fractional size refused', async () => {
      const sdk = createSdk(server)
      const request = { filename: 'film.mp4', type: 'video' as const, totalSize: 100 }
      const { status } = await api.request('POST', '/assets/multipart-uploads', {
        ...{ filename: 'film.mp4', type: 'video', total_size: 100, enable_hls: null },
      })
      expect(status).toBe(201)

      const refused = sdk.multipartUpload.create({ ...request, totalSize: 1.5 })
      await expect(refused).rejects.toBeInstanceOf(TwelvelabsApi.BadRequestError)
      await expect(refused).rejects.toMatchObject({
        body: { code: 'parameter_invalid', message: expect.stringMatching(/`total_size`.*1\.5/) },
      })
    })

    it('10: every error body has a code and a message', async () => {
      const uploads = '/v1.3/assets/multipart-uploads'
      const body = (status: number) => ({ status, code: expect.any(String) })
      const send = async (method: string, path: string, text?: string, key = TEST_KEY) => {
        const response = await fetch(server.url + path, {
          method,
          headers: {
            'x-api-key': key,
            ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(text === undefined ? {} : { body: text }),
        })
        const { code, message } = (await response.json()) as Record<string, string>
        expect(message, `${method} ${path}`).toMatch(/\w/)
        expect(message, 'a stack trace').not.toMatch(/\n\s+at /)
        expect(response.headers.get('x-request-id')).toMatch(/\w/)
        return { status: response.status, code }
      }

      expect(await send('GET', '/v1.3/nothing')).toEqual(body(404))
      expect(await send('GET', '/nothing')).toEqual(body(404))
      expect(await send('PUT', uploads, '{}')).toEqual(body(404))
      expect(await send('GET', `${uploads}/${'0'.repeat(24)}`)).toEqual(body(404))
      expect(await send('GET', `${uploads}/x`)).toEqual(body(400))
      expect(await send('POST', uploads, '{"filename":')).toEqual(body(400))
      expect(await send('POST', uploads, '{}')).toEqual(body(400))
      expect(await send('POST', uploads, `"${'x'.repeat(1024 * 1024)}"`)).toEqual(body(413))
      expect(await send('GET', uploads, undefined, 'pw_wrong')).toEqual(body(401))
      expect(await send('GET', `/content/${'0'.repeat(24)}?expires=1&signature=x`)).toEqual(
        body(403),
      )
    })
  })
}
