import { hash, randomBytes } from 'node:crypto'
import { normalizeEtag } from '@partway/protocol'
import { within } from '../finding.ts'
import type { Bucket, S3StoreOptions } from './bucket.ts'
import { isNoUpload } from './errors.ts'
import { createKeys } from './keys.ts'
import { createMultipart, type Place as UploadPlace } from './multipart.ts'
import { createObjects } from './objects.ts'
import { abortUploadCommand, deleteObjectCommand, putEncryptionCommand } from './probe-commands.ts'
import { type Pages, probePageReads, probePageUploads } from './probe-cors.ts'
import { answerError } from './probe-errors.ts'
import type { Steps } from './probe-steps.ts'
import { createUrls } from './urls.ts'

const LARGE = 5 * 2 ** 20
const SMALL = 11
/** For a body of 5 MiB on a slow line. */
const BODY_PATIENCE_MS = 30_000
const URL_MS = 10 * 60_000

const CHECKS = {
  ...{ chunks: 'chunk URLs', again: 'repeated chunks', size: 'size of chunks' },
  ...{ list: 'list chunks', complete: 'complete' },
  ...{ read: 'content URL', remove: 'delete', tidy: 'removing the probe' },
}

/** An upload as clients and server make it, of one whole chunk and a small one; nothing is left of it. */
export async function probeUpload(
  steps: Steps,
  options: S3StoreOptions,
  bucket: Bucket,
  pages: Pages,
): Promise<void> {
  const keys = createKeys(options.prefix)
  const multipart = createMultipart(bucket)
  const objects = createObjects(bucket)
  const urls = createUrls(options, bucket, keys)
  const assetId = randomBytes(12).toString('hex')
  const key = keys.object(assetId)
  const where = options.publicEndpoint ?? options.endpoint ?? 'the store'

  const storeRef = await steps.step(
    ...(['begin', { action: 's3:PutObject' }] as const),
    () => multipart.create(key),
    () => 'an upload can be begun',
  )
  if (storeRef === undefined) {
    return steps.skip('no upload could be begun', ...Object.values(CHECKS).slice(0, -1))
  }
  const place: UploadPlace = { key, uploadId: storeRef }
  let left: 'upload' | 'object' | undefined = 'upload'
  try {
    await run()
  } finally {
    await tidy()
  }

  async function run(): Promise<void> {
    const bodies = [new Uint8Array(randomBytes(LARGE)), new Uint8Array(randomBytes(SMALL))] as const
    const plan = { chunkSize: LARGE, totalSize: LARGE + SMALL, totalChunks: 2 }
    const put = { action: 's3:PutObject', signedUrl: true } as const
    const sent = await steps.step(
      ...([CHECKS.chunks, put] as const),
      async (signal) => {
        const expiresAt = options.clock() + URL_MS
        const upload = { ...plan, assetId, storeRef: place.uploadId }
        const { urls: signed } = await urls.presign(upload, [1, 2], { origin: '', expiresAt })
        const etags: string[] = []
        for (const [i, body] of bodies.entries()) etags.push(await send(signed[i]!, body, signal))
        return { urls: signed, etags }
      },
      ({ etags }) =>
        etags[0] === hash('md5', bodies[0])
          ? `chunks can be put at ${where}; ETags are MD5, so that partway verify can compare files`
          : `chunks can be put at ${where}; ETags are no MD5: partway verify cannot compare files`,
      BODY_PATIENCE_MS,
    )
    if (!sent) {
      const { chunks, tidy, ...others } = CHECKS
      return steps.skip('no chunk could be put', ...Object.values(others))
    }
    await probeAgain(sent.urls[1]!, bodies[1], sent.etags[1]!)
    await probeSize(sent.urls[1]!, bodies[1])
    await probePageUploads(steps, bucket, pages, sent.urls[1]!, bodies[1])
    const listed = await steps.step(
      ...([CHECKS.list, { action: 's3:ListMultipartUploadParts' }] as const),
      async () => {
        const parts = await multipart.list(place, [1, 2])
        const wrong = bodies.some((body, i) => parts?.get(i + 1)?.Size !== body.byteLength)
        if (!parts || wrong) throw new Error('the store does not list the chunks that were put')
        return parts
      },
      () => 'both chunks are listed with their sizes',
    )
    // The second was put again since, and may have another ETag now.
    const [first, second] = sent.etags.map((etag) => `"${etag}"`)
    const named = [
      { index: 1, etag: first! },
      { index: 2, etag: listed?.get(2)?.ETag ?? second! },
    ]
    const completed = await steps.step(
      ...([CHECKS.complete, { action: 's3:PutObject' }] as const),
      async () => {
        await multipart.complete(place, named)
        return true
      },
      () => 'the chunks became an object',
      BODY_PATIENCE_MS,
    )
    if (!completed) {
      return steps.skip('there is no object', CHECKS.read, CHECKS.remove)
    }
    left = 'object'
    await probeRead(bodies[1])
    await steps.step(
      ...([CHECKS.remove, { action: 's3:DeleteObject' }] as const),
      async () => {
        await objects.remove(key)
        left = undefined
        return true
      },
      () => 'the object is removed again',
    )
  }

  /** Clients send a chunk again when they do not hear of it; the first body may also land last. */
  async function probeAgain(
    url: string,
    body: Uint8Array<ArrayBuffer>,
    before: string,
  ): Promise<void> {
    const check = CHECKS.again
    try {
      const after = await within((signal) => send(url, body, signal))
      if (after === before) {
        steps.add({ check, outcome: 'ok', found: 'a chunk that is put again keeps its ETag' })
        return
      }
      steps.add({
        ...{ check, outcome: 'warning' },
        found: 'a chunk that is put again gets another ETag: uploads may fail as overwritten',
        remedy: `Use a bucket whose equal bytes have equal ETags: with aws:kms or aws:kms:dsse as its encryption, change that.\n${putEncryptionCommand(steps.place)}`,
      })
    } catch (error) {
      steps.failed(check, error, { action: 's3:PutObject', signedUrl: true })
    }
  }

  async function probeSize(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    const check = CHECKS.size
    try {
      const longer = Uint8Array.from([...body, 0])
      const { ok } = await within((signal) => fetch(url, { method: 'PUT', body: longer, signal }))
      if (!ok) {
        steps.add({ check, outcome: 'ok', found: 'a chunk of another size is refused' })
        return
      }
      // Back to what the plan says.
      await within((signal) => send(url, body, signal))
      steps.add({
        ...{ check, outcome: 'warning' },
        found: 'a chunk of another size is taken, and only found out when it is reported',
        remedy: `Let whatever stands before ${where} hand on Content-Length as it is; if it does, the store does not check what is signed, and clients can use up more space than they announced.`,
      })
    } catch (error) {
      steps.failed(check, error, { action: 's3:PutObject', signedUrl: true })
    }
  }

  /** Across the border of the two chunks. */
  async function probeRead(second: Uint8Array): Promise<void> {
    const asked = { action: 's3:GetObject', signedUrl: true } as const
    const url = await steps.step(
      ...([CHECKS.read, asked] as const),
      async (signal) => {
        const object = await objects.find(key)
        if (object?.size !== LARGE + SMALL) throw new Error('the object has another size')
        const signed = await urls.presignRead(assetId, undefined, {
          ...{ expiresAt: options.clock() + URL_MS, contentType: 'application/octet-stream' },
          disposition: undefined,
        })
        const headers = { range: `bytes=${LARGE}-` }
        const response = await fetch(signed, { headers, signal })
        const bytes = Buffer.from(await response.arrayBuffer())
        if (!response.ok) throw answerError(response.status, bytes.toString())
        if (response.status !== 206) throw new Error('the store ignores ranges')
        if (!bytes.equals(second)) throw new Error('other bytes came back')
        return signed
      },
      () => 'ranges can be read, and the bytes are those that were put',
    )
    if (url) await probePageReads(steps, bucket, pages, url)
  }

  async function tidy(): Promise<void> {
    try {
      // A Complete whose answer was lost may have made it an object.
      if (left === 'upload') await within(() => multipart.abort(place))
      if (left !== undefined) await within(() => objects.remove(key))
    } catch (error) {
      if (isNoUpload(error)) return
      const command =
        left === 'upload'
          ? abortUploadCommand(steps.place, key, place.uploadId)
          : deleteObjectCommand(steps.place, key)
      steps.add({
        ...{ check: CHECKS.tidy, outcome: 'failed', remedy: command },
        found: `${key} is left behind: ${(error as Error).name}`,
      })
    }
  }
}

/** @returns the ETag, normalised */
async function send(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(url, { method: 'PUT', body, signal })
  const text = await response.text()
  if (!response.ok) throw answerError(response.status, text)
  const etag = response.headers.get('etag')
  if (!etag) throw new Error('the answer to a PUT has no ETag')
  return normalizeEtag(etag)
}

/** Whether an upload can be given up. */
export async function probeAbort(steps: Steps, bucket: Bucket, prefix: string): Promise<void> {
  const multipart = createMultipart(bucket)
  const key = createKeys(prefix).object(randomBytes(12).toString('hex'))
  await steps.step(
    ...(['abort', { action: 's3:AbortMultipartUpload' }] as const),
    async () => {
      await multipart.abort({ key, uploadId: await multipart.create(key) })
      return true
    },
    () => 'an upload can be given up',
  )
}
