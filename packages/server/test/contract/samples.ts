import type { ChunkPlan } from '@partway/protocol'
import { chunkSizeAt } from '@partway/protocol'
import { createNewId } from '../../src/adapters/crypto/index.ts'
import type { Asset, Claim, SealedObject, Upload } from '../../src/core/types.ts'

export const T0 = Date.parse('2026-11-22T10:00:00Z')
export const HOUR = 3_600_000

export const newId = createNewId(() => T0)

/** A plan with chunks as small as a test likes; real plans start at 5 MiB. */
export function smallPlan(totalSize: number, chunkSize: number): ChunkPlan {
  return { totalSize, chunkSize, totalChunks: Math.ceil(totalSize / chunkSize) }
}

/** An active upload of three chunks: 1000, 1000 and 500 bytes. */
export function sampleUpload(changes: Partial<Upload> = {}): Upload {
  const id = newId()
  return {
    ...smallPlan(2500, 1000),
    ...{ id, account: 'alice', assetId: newId(), method: 'multipart' },
    ...{ filename: 'holiday.mp4', type: 'video' },
    ...{ storeRef: id, state: 'active', reason: undefined },
    ...{ createdAt: T0, updatedAt: T0, expiresAt: T0 + 24 * HOUR },
    ...changes,
  }
}

/** The asset reserved for an upload. */
export function assetFor(upload: Upload): Asset {
  const { assetId: id, account, filename, type, totalSize: size, createdAt } = upload
  return {
    ...{ id, account, filename, type, size, createdAt },
    ...{ state: 'processing', reason: undefined, mimeType: undefined, object: undefined },
    ...{ method: 'multipart', userMetadata: {}, duration: undefined, technicalMetadata: undefined },
    ...{ hls: undefined, thumbnail: undefined },
  }
}

/** A well-formed claim for each of `indexes`. */
export function claimsFor(upload: Upload, indexes: number[], letter = 'a'): Claim[] {
  return indexes.map((index) => ({
    index,
    etag: letter.repeat(64),
    size: chunkSizeAt(upload, index),
  }))
}

/** From 1 to `count`. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

/** `count` results of the same call, all started before any has ended. */
export function race<T>(count: number, call: (i: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => call(i)))
}

export const sealedAs = (upload: Upload): SealedObject => ({ ref: upload.assetId, etag: 'e-3' })
