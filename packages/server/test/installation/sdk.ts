import { join } from 'node:path'
import type { TwelveLabs } from 'twelvelabs-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Installation, OpenInstallation } from '../support/installation.ts'
import { type Program, temporaryFolder } from '../support/program.ts'
import { CHUNK, createApi, proofOf, putChunk, sendAll } from '../support/program-api.ts'
import { fetchSha256, randomVideo, writeRandomFile } from '../support/program-files.ts'
import { allOf, createSdk, tameSdk } from '../support/sdk.ts'

/** What the official client relies on, whatever the database and the store. */
export function sdkSentences(installation: Installation): void {
  describe.skipIf(installation.skips)(
    `the official twelvelabs-js, unmodified, on ${installation.name}`,
    () => {
      let opened: OpenInstallation
      let server: Program
      let sdk: TwelveLabs
      tameSdk()

      beforeAll(async () => {
        opened = await installation.open()
        server = await opened.start()
        sdk = createSdk(server)
      })
      afterAll(async () => {
        await server?.kill()
        await opened?.[Symbol.asyncDispose]()
      })

      it.each([
        ['of 1 byte', 1],
        ['of exactly one chunk', CHUNK],
        ['of an exact multiple of the chunk size', 2 * CHUNK],
        ['of one byte over a multiple', 2 * CHUNK + 1],
        ['of 11 chunks', 10 * CHUNK + 12_345],
        ['of 60 chunks', 59 * CHUNK + 777],
      ])('uploads a file %s and its bytes come back', async (_name, size) => {
        await using files = await temporaryFolder()
        const path = join(files.path, 'film.mp4')
        const expected = await writeRandomFile(path, size)
        const progress: number[] = []

        const { assetId, assetUrl } = await sdk.multipartUpload.uploadFile(path, {
          progressCallback: ({ percentage }) => progress.push(percentage),
        })

        expect(await fetchSha256(assetUrl)).toBe(expected)
        expect(progress.at(-1)).toBe(100)
        const asset = await sdk.assets.retrieve(assetId)
        expect(asset).toMatchObject({
          id: assetId,
          filename: 'film.mp4',
          method: 'multipart',
          size,
        })
      })

      it('reads the status of every chunk, page by page', async () => {
        const api = createApi(server)
        const session = await api.create(24 * CHUNK)
        const bytes = randomVideo(CHUNK)
        for (const index of [1, 24]) {
          const url = (await api.presign(session.upload_id, index, 1)).upload_urls[0]!.url
          const { etag } = await putChunk(url, bytes)
          await api.report(session.upload_id, [proofOf(index, etag!, bytes)])
        }

        const chunks = await allOf(sdk.multipartUpload.getStatus(session.upload_id))

        expect(chunks.map(({ index }) => index)).toEqual(
          Array.from({ length: 24 }, (_, i) => i + 1),
        )
        const completed = chunks.filter(({ status }) => status === 'completed')
        expect(completed.map(({ index }) => index)).toEqual([1, 24])
        expect(completed[0]?.uploadedAt).toBeInstanceOf(Date)
        expect(chunks[1]).toMatchObject({ index: 2, status: 'pending' })
      })

      it('waits for the completion of an upload that others finish', async () => {
        const api = createApi(server)
        const { session, proofs } = await sendAll(api, randomVideo(CHUNK + 1))
        await api.report(session.upload_id, [proofs[0]!])
        const seen: string[] = []

        const waiting = sdk.multipartUpload.waitForUploadCompletion(session.upload_id, {
          sleepInterval: 0.1,
          maxWaitTime: 20,
          callback: ({ status, completedChunks }) => seen.push(`${status} ${completedChunks}`),
        })
        await expect.poll(() => seen).toContain('in_progress 1')
        await api.report(session.upload_id, [proofs[1]!])

        expect(await waiting).toEqual({ status: 'completed', completedChunks: 2, totalChunks: 2 })
      })

      it('lists incomplete uploads and not completed ones', async () => {
        const api = createApi(server)
        const incomplete = [await api.create(CHUNK), await api.create(3 * CHUNK)]
        const { session, proofs } = await sendAll(api, randomVideo(10))
        await api.report(session.upload_id, proofs)

        const uploads = await allOf(sdk.multipartUpload.listIncompleteUploads({ pageLimit: 1 }))

        const ids = uploads.map(({ uploadId }) => uploadId)
        expect(ids).toEqual(expect.arrayContaining(incomplete.map(({ upload_id }) => upload_id)))
        expect(ids).not.toContain(session.upload_id)
        expect(uploads[0]).toMatchObject({ status: 'active', totalSize: 3 * CHUNK, totalChunks: 3 })
      })

      it('gets additional presigned URLs that work', async () => {
        const bytes = randomVideo(CHUNK)
        const { uploadId } = await sdk.multipartUpload.create({
          ...{ filename: 'film.mp4', type: 'video', totalSize: 60 * CHUNK },
        })

        const more = await sdk.multipartUpload.getAdditionalPresignedUrls(uploadId!, {
          ...{ start: 51, count: 10 },
        })

        expect(more).toMatchObject({ uploadId, startIndex: 51, count: 10 })
        const indexes = more.uploadUrls!.map(({ chunkIndex }) => chunkIndex)
        expect(indexes).toEqual(Array.from({ length: 10 }, (_, i) => 51 + i))
        expect((await putChunk(more.uploadUrls![9]!.url!, bytes)).status).toBe(200)
      })

      it('lists, retrieves and deletes assets', async () => {
        const api = createApi(server)
        const bytes = randomVideo(4096)
        const { session, proofs } = await sendAll(api, bytes, 'short film.mp4')
        await api.report(session.upload_id, proofs)
        const id = session.asset_id
        await expect
          .poll(async () => (await sdk.assets.retrieve(id)).status, { timeout: 60_000 })
          // Random bytes behind the beginning of a film.
          .toBe('failed')
        expect((await sdk.assets.retrieve(id)).error?.message).toMatch(/\.$/)

        const listed = await allOf(sdk.assets.list({ pageLimit: 2 }))
        expect(listed[0]).toMatchObject({ id, filename: 'short film.mp4', fileType: 'video/mp4' })
        await sdk.assets.delete(id)

        await expect(sdk.assets.retrieve(id)).rejects.toMatchObject({ statusCode: 404 })
        expect((await allOf(sdk.assets.list())).map((asset) => asset.id)).not.toContain(id)
      })
    },
  )
}
