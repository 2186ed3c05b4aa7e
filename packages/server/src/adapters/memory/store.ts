import { type ChunkPlan, sliceRange } from '@partway/protocol'
import type { ChunkSink, ChunkStore, Secrets } from '../../core/ports.ts'
import type { StoredChunk } from '../../core/types.ts'
import {
  MAX_BODIES,
  noSuchUpload,
  settledChunk,
  tooManyBodies,
  wrongDigest,
  wrongLength,
} from '../chunk-errors.ts'
import type { ChunkUrls } from '../chunk-urls.ts'
import { contentMissing } from '../object-errors.ts'

type Body = AsyncIterable<Uint8Array>

interface Place {
  /** Complete bodies by chunk index, then by ETag. */
  bodies: Map<number, Map<string, Uint8Array>>
  settled: Map<number, string>
}

interface Sealed {
  etag: string
  plan: ChunkPlan
  chunks: Uint8Array[]
}

/** `ChunkStore` and `ChunkSink` in maps: the reference for every other adapter. */
export function createMemoryStore(urls: ChunkUrls, { hash }: Secrets): ChunkStore & ChunkSink {
  const places = new Map<string, Place>()
  const objects = new Map<string, Sealed>()
  /** By object, then by name. */
  const files = new Map<string, Map<string, Uint8Array>>()

  async function receive(uploadId: string, index: number, most: number, body: Body) {
    if (!places.has(uploadId)) throw noSuchUpload(uploadId)
    const bytes = await gather(body, (size) => {
      if (size > most) throw wrongLength(index, most, size)
    })
    return bytes
  }

  function commit(uploadId: string, index: number, bytes: Uint8Array): StoredChunk {
    // Looked up again: the upload may have been sealed or aborted while the body came in.
    const place = places.get(uploadId)
    if (!place) throw noSuchUpload(uploadId)
    const etag = hash(bytes)
    const bodies = place.bodies.get(index) ?? new Map<string, Uint8Array>()
    if ((place.settled.get(index) ?? etag) !== etag) throw settledChunk(index)
    if (!bodies.has(etag)) {
      if (bodies.size >= MAX_BODIES) throw tooManyBodies(index)
      place.bodies.set(index, bodies.set(etag, bytes))
    }
    return { etag, size: bytes.byteLength }
  }

  return {
    async begin(upload) {
      places.set(upload.id, { bodies: new Map(), settled: new Map() })
      return upload.id
    },

    async presign(upload, indexes, context) {
      return urls.presign(upload, indexes, context)
    },

    async stat(upload, claims) {
      const bodies = places.get(upload.storeRef)?.bodies
      const found = claims.flatMap(({ index, etag }) => {
        const body = bodies?.get(index)?.get(etag)
        return body ? [[index, { etag, size: body.byteLength }] as const] : []
      })
      return new Map(found)
    },

    async seal(upload, chunks) {
      const done = objects.get(upload.assetId)
      if (done) return { ref: upload.assetId, etag: done.etag }
      const place = places.get(upload.storeRef)
      const sealed: Sealed = {
        etag: `${hash(chunks.map(({ etag }) => etag).join(''))}-${chunks.length}`,
        plan: upload,
        chunks: chunks.map(({ index, etag }) => {
          const body = place?.bodies.get(index)?.get(etag)
          if (!body) throw new Error(`chunk ${index} of upload ${upload.id} is gone`)
          return body
        }),
      }
      objects.set(upload.assetId, sealed)
      places.delete(upload.storeRef)
      return { ref: upload.assetId, etag: sealed.etag }
    },

    async *open(ref, { start, end }) {
      const object = objects.get(ref)
      if (!object) throw contentMissing(ref)
      for (const slice of sliceRange(object.plan, start, end)) {
        yield object.chunks[slice.index - 1]!.subarray(slice.start, slice.start + slice.length)
      }
    },

    async size(ref) {
      const object = objects.get(ref)
      if (!object) throw contentMissing(ref)
      return object.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
    },

    async empty({ storeRef }, record) {
      if (!(await record(storeRef))) return undefined
      places.set(storeRef, { bodies: new Map(), settled: new Map() })
      return storeRef
    },

    async put({ storeRef, chunkSize }, index, body) {
      return commit(storeRef, index, await receive(storeRef, index, chunkSize, body))
    },

    async putFile(ref, name, body) {
      if (!objects.has(ref)) throw contentMissing(ref)
      const bytes = await gather(body)
      files.set(ref, (files.get(ref) ?? new Map()).set(name, bytes))
    },

    async dropFile(ref, name) {
      files.get(ref)?.delete(name)
    },

    async findFile(ref, name) {
      const bytes = files.get(ref)?.get(name)
      if (!bytes) return undefined
      return {
        size: bytes.byteLength,
        async *open({ start, end }) {
          yield bytes.subarray(start, end + 1)
        },
      }
    },

    async abort(upload) {
      places.delete(upload.storeRef)
      objects.delete(upload.assetId)
      files.delete(upload.assetId)
    },

    async remove(ref) {
      objects.delete(ref)
      files.delete(ref)
    },

    async ping() {},

    verify: urls.verify,

    async write({ uploadId, index, size }, body, sha256) {
      const bytes = await receive(uploadId, index, size, body)
      if (bytes.byteLength !== size) throw wrongLength(index, size, bytes.byteLength)
      if (sha256 !== undefined && sha256 !== hash(bytes)) throw wrongDigest(index)
      return commit(uploadId, index, bytes)
    },

    async settle(upload, chunks) {
      const place = places.get(upload.storeRef)
      for (const { index, etag } of chunks) place?.settled.set(index, etag)
    },
  }
}

async function gather(body: Body, check: (size: number) => void = () => {}): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    size += piece.byteLength
    check(size)
    pieces.push(Uint8Array.from(piece))
  }
  return Buffer.concat(pieces)
}
