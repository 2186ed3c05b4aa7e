import type { ReportResponse } from '@partway/protocol'
import { describe, expect, it } from 'vitest'
import {
  CRASH_SERVER,
  CRASH_STEPS,
  CRASH_VARIABLE,
  type CrashStep,
} from '../support/crash-steps.ts'
import type { Installation, OpenInstallation } from '../support/installation.ts'
import {
  type Api,
  CHUNK,
  chunksOf,
  createApi,
  type Proof,
  proofOf,
  putChunk,
} from '../support/program-api.ts'
import { fetchSha256, randomVideo, sha256 } from '../support/program-files.ts'

const AS_IT_COMES = { name: 'as it comes', env: {} }
const AGGRESSIVE = { PARTWAY_GRACE_PERIOD: '0s', PARTWAY_SWEEP_INTERVAL: '200ms' }
const EAGERLY = { name: 'with an eager sweep and no grace period', env: AGGRESSIVE }
const SEVERAL_SWEEPS_MS = 500

/** From here on every chunk is recorded, so a restart alone finishes the upload. */
const RECOVERED = CRASH_STEPS.slice(CRASH_STEPS.indexOf('between record and seal'))

const film = randomVideo(2 * CHUNK + 1)
const chunks = chunksOf(film)

/** What the client was promised before the server died. */
interface Promised {
  uploadId: string
  assetId: string
  /** Chunks whose PUT was answered with 200. */
  stored: Proof[]
  /** Indexes whose report was answered with 200. */
  reported: number[]
}

/** Uploads until the server is gone: the first chunk is reported alone, then the others. */
async function uploadUntilCrash(api: Api): Promise<Promised> {
  const session = await api.create(film.byteLength)
  const { upload_id: uploadId, asset_id: assetId } = session
  const promised: Promised = { uploadId, assetId, stored: [], reported: [] }
  const report = async (proofs: Proof[]) => {
    await api.report(uploadId, proofs)
    promised.reported.push(...proofs.map(({ chunk_index }) => chunk_index))
  }
  try {
    for (const [i, chunk] of chunks.entries()) {
      const { status, etag } = await putChunk(session.upload_urls[i]!.url, chunk)
      if (status === 200) promised.stored.push(proofOf(i + 1, etag!, chunk))
      if (i === 0) await report(promised.stored)
    }
    await report(promised.stored.slice(1))
  } catch (error) {
    // No answer at all is what the client sees of a crash.
    if (!(error instanceof TypeError && error.message === 'fetch failed')) throw error
  }
  return promised
}

/** What any client does after a break: send what is missing, report everything again. */
async function resume(
  api: Api,
  { uploadId, stored }: Promised,
  etagOf: OpenInstallation['etagOf'],
): Promise<ReportResponse> {
  const { status } = await api.status(uploadId)
  const proofs = [...stored]
  for (const [i, chunk] of chunks.entries()) {
    if (stored.some(({ chunk_index }) => chunk_index === i + 1)) continue
    const url = (await api.presign(uploadId, i + 1, 1)).upload_urls[0]!.url
    const put = await putChunk(url, chunk)
    expect({ status, put: put.status, etag: put.etag }).toEqual({
      ...{ status: 'active', put: 200, etag: etagOf(chunk) },
    })
    proofs.push(proofOf(i + 1, put.etag!, chunk))
  }
  return api.report(uploadId, proofs)
}

/** @param quick only the harder half: with an eager sweep */
export function crashSentences(installation: Installation, { quick = false } = {}): void {
  const runs = quick ? [EAGERLY] : [AS_IT_COMES, EAGERLY]
  // Where clients have their own way to the store, the steps on that way are not ours.
  const steps = installation.endpoint
    ? CRASH_STEPS.filter((step) => !/body|folder/.test(step))
    : CRASH_STEPS
  describe.skipIf(installation.skips).each(runs)(
    `a server on ${installation.name}, killed in the middle of an upload, $name`,
    ({ env }) => {
      const pause = () =>
        env === AGGRESSIVE
          ? new Promise((resolve) => setTimeout(resolve, SEVERAL_SWEEPS_MS))
          : undefined

      async function crashAt(step: CrashStep, opened: OpenInstallation): Promise<Promised> {
        await using dying = await opened.start({
          ...{ command: CRASH_SERVER, env: { ...env, [CRASH_VARIABLE]: step } },
        })
        const promised = await uploadUntilCrash(createApi(dying))
        await dying.ended
        expect(dying.process.signalCode).toBe('SIGKILL')
        return promised
      }

      it.each(steps)('%s: nothing is lost and it completes once', async (step) => {
        await using opened = await installation.open()
        const promised = await crashAt(step, opened)
        const { uploadId, assetId, stored, reported } = promised

        await using server = await opened.start({ env })
        const api = createApi(server)
        await pause()
        const recovered = (RECOVERED as readonly CrashStep[]).includes(step)
        // In the background, once it has started.
        await expect
          .poll(async () => (await api.status(uploadId)).status, { timeout: 10_000 })
          .toBe(recovered ? 'completed' : 'active')
        const before = await api.status(uploadId)
        const known = before.uploaded_chunks.filter(({ status }) => status === 'completed')
        expect(known.map(({ index }) => index)).toEqual(expect.arrayContaining(reported))

        const resumed = await resume(api, promised, opened.etagOf)
        const repeated = await api.report(uploadId, stored.slice(0, 1))
        await pause()

        expect(resumed).toMatchObject({ asset_id: assetId, total_completed: 3 })
        expect(resumed.processed_chunks).toBe(3 - known.length)
        expect(repeated).toMatchObject({ processed_chunks: 0, total_completed: 3 })
        expect(await api.status(uploadId)).toMatchObject({
          status: 'completed',
          chunks_completed: 3,
        })
        expect(await fetchSha256(resumed.url!)).toBe(sha256(film))
        expect(await fetchSha256((await api.asset(assetId)).url!)).toBe(sha256(film))
        expect((await api.assets()).page_info.total_results).toBe(1)
        expect(await opened.kept()).toEqual({ objects: [assetId], uploads: 0 })
        if (!opened.folder) return
        const parts = chunks.map((chunk, i) => `${i + 1}.${sha256(chunk)}`)
        expect((await opened.folder.parts(assetId)).toSorted()).toEqual([...parts, 'manifest.json'])
      })
    },
  )
}
