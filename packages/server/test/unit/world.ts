import { expect } from 'vitest'
import { createAssets } from '../../src/core/assets.ts'
import { createCompleter } from '../../src/core/complete.ts'
import { createDirect } from '../../src/core/direct.ts'
import { createSweeper } from '../../src/core/expire.ts'
import { createImports } from '../../src/core/import.ts'
import { createIngest } from '../../src/core/ingest.ts'
import { createContentLinks } from '../../src/core/links.ts'
import { createProcessor } from '../../src/core/process.ts'
import type { Claim, Upload } from '../../src/core/types.ts'
import { createUploads } from '../../src/core/uploads.ts'
import type { Ports } from '../../src/server/compose.ts'
import { bytesFor, inPieces, ticketFor } from '../contract/bodies.ts'
import { assetFor, HOUR, smallPlan, upTo } from '../contract/samples.ts'
import { createMemoryPorts, type MemoryPorts } from '../support/fakes.ts'

export const ORIGIN = 'https://media.example.com'
export const ACCOUNT = 'alice'
export const MIB = 2 ** 20

export const MAX_SIZE = { video: 300 * MIB, audio: 50 * MIB, image: 32 * MIB, document: 8 * MIB }
export const GRACE = HOUR
export const RETENTION = 7 * 24 * HOUR
export const ABANDONED = 60_000
export const LEASE = 5 * 60_000
export const UPLOAD_TTL = 24 * HOUR
export const URL_TTL = HOUR
export const CONTENT_URL_TTL = 2 * HOUR

export type TestPorts = Omit<MemoryPorts, 'media'> & Pick<Ports, 'media'>
export type World = ReturnType<typeof createWorld>

/** The core over memory ports, or over ports with parts of them replaced. */
export function createWorld(changes: Partial<TestPorts> = {}) {
  const ports: TestPorts = { ...createMemoryPorts(), ...changes }
  const { metadata, store, sink, media, web, signer, clock, every, newId } = ports
  const completed: number[] = []
  const sweepErrors: { error: unknown; subject: string }[] = []
  const links = createContentLinks(signer, clock, CONTENT_URL_TTL)
  const onCompleted = () => completed.push(clock())
  const completer = createCompleter({ metadata, store, clock, onCompleted })
  const uploads = createUploads({
    ...{ metadata, store, sink, completer, links, clock, newId },
    settings: {
      maxSize: MAX_SIZE,
      ...{ uploadTtlMs: UPLOAD_TTL, urlTtlMs: URL_TTL, idempotencyTtlMs: 24 * HOUR },
    },
  })
  const sweeper = createSweeper({
    ...{ metadata, store, completer, clock },
    ...{ graceMs: GRACE, retentionMs: RETENTION, abandonedMs: ABANDONED },
    onError: (error, subject) => sweepErrors.push({ error, subject }),
  })
  const errors: { error: unknown; subject: string }[] = []
  const onError = (error: unknown, subject: string) => errors.push({ error, subject })
  const processor = createProcessor({
    ...{ metadata, store, media, clock, every, leaseMs: LEASE, onError },
    sourceUrl: (assetId) => `http://127.0.0.1:1/content/${assetId}`,
  })
  const ingest = createIngest({
    ...{ metadata, store, clock, newId, maxSize: MAX_SIZE, ttlMs: UPLOAD_TTL },
  })
  const direct = createDirect({ metadata, media, ingest, completer, clock })
  const imports = createImports({
    ...{ metadata, media, web, ingest, completer, clock, every, leaseMs: LEASE, onError },
    onCreated: () => {},
  })
  const assets = createAssets({ metadata, store, links, clock, redirect: true })

  /** An upload with chunks far smaller than `create` would plan, to keep tests quick. */
  async function plant(
    { totalSize, chunkSize } = { totalSize: 2500, chunkSize: 1000 },
  ): Promise<Upload> {
    const [id, assetId, now] = [newId(), newId(), clock()]
    const upload: Upload = {
      ...smallPlan(totalSize, chunkSize),
      ...{ id, assetId, account: ACCOUNT, method: 'multipart', filename: 'holiday.mp4' },
      ...{ type: 'video', storeRef: '', state: 'active', reason: undefined },
      ...{ createdAt: now, updatedAt: now, expiresAt: now + UPLOAD_TTL },
    }
    upload.storeRef = await store.begin(upload)
    await metadata.createUpload(upload, assetFor(upload))
    return upload
  }

  /** Writes chunks; returns the claims that are true of them. */
  function putChunks(upload: Upload, indexes: number[], variant = 0): Promise<Claim[]> {
    return Promise.all(
      indexes.map(async (index) => {
        const body = inPieces(bytesFor(upload, index, variant), MIB)
        return { index, ...(await sink!.write(ticketFor(upload, index), body)) }
      }),
    )
  }

  const putAll = (upload: Upload) => putChunks(upload, upTo(upload.totalChunks))
  const report = (upload: Upload, claims: Claim[]) =>
    uploads.report(ACCOUNT, upload.id, claims, ORIGIN)
  /** Everything done but the background step. */
  const complete = async (upload: Upload) => report(upload, await putAll(upload))
  const find = (upload: Upload) => metadata.findUpload(ACCOUNT, upload.id)
  const recordedIn = async ({ id, totalChunks }: Upload) =>
    (await metadata.listChunks(id, { from: 1, to: totalChunks })).map(({ index }) => index)

  return {
    ...{ ...ports, links, completer, uploads, sweeper, processor, assets, completed, sweepErrors },
    ...{ direct, imports, errors },
    ...{ plant, putChunks, putAll, report, complete, find, recordedIn },
  }
}

/** What a refused request looks like. */
export const invalid = (message: RegExp) =>
  expect.objectContaining({
    code: 'parameter_invalid',
    message: expect.stringMatching(message),
  })
