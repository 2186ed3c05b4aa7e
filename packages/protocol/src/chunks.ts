const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB
const TiB = 1024 * GiB

/** S3's limits on multipart uploads, which every plan keeps so that any upload fits any store. */
export const MAX_CHUNKS = 10_000
export const MIN_CHUNK_SIZE = 5 * MiB
/** The largest object S3 takes, and so the largest upload, in bytes. */
export const MAX_TOTAL_SIZE = 5 * TiB

/** Most URLs in one presign call, most chunks in one report, most items on a page. */
export const MAX_BATCH = 50

/**
 * Chunk sizes by upload size. 5 MiB is the documented size (contract section 6: 104857600 bytes
 * give 20 chunks); the steps keep large uploads to hundreds or a few thousand chunks.
 */
const STEPS: readonly { upTo: number; chunkSize: number }[] = [
  { upTo: 512 * MiB, chunkSize: 5 * MiB },
  { upTo: 2 * GiB, chunkSize: 8 * MiB },
  { upTo: 16 * GiB, chunkSize: 16 * MiB },
  { upTo: 64 * GiB, chunkSize: 32 * MiB },
  { upTo: 512 * GiB, chunkSize: 64 * MiB },
  { upTo: 1 * TiB, chunkSize: 128 * MiB },
  { upTo: 2 * TiB, chunkSize: 256 * MiB },
  { upTo: MAX_TOTAL_SIZE, chunkSize: 1 * GiB },
]

/** How a file is cut: every chunk has `chunkSize` bytes but the last, which has what is left. */
export interface ChunkPlan {
  /** Bytes, at least 1. */
  totalSize: number
  /** Bytes. */
  chunkSize: number
  /** At least 1, at most {@link MAX_CHUNKS}. */
  totalChunks: number
}

/**
 * The plan for a file of `totalSize` bytes.
 *
 * @param totalSize bytes, an integer from 1 to {@link MAX_TOTAL_SIZE}
 * @throws RangeError when `totalSize` is outside that range
 */
export function planChunks(totalSize: number): ChunkPlan {
  const step = STEPS.find(({ upTo }) => totalSize <= upTo)
  if (!Number.isInteger(totalSize) || totalSize < 1 || !step) {
    throw new RangeError(`total size ${totalSize} is not an integer from 1 to ${MAX_TOTAL_SIZE}`)
  }
  const { chunkSize } = step
  return { totalSize, chunkSize, totalChunks: Math.ceil(totalSize / chunkSize) }
}

/** Bytes of chunk `index` (1-based, within the plan). */
export function chunkSizeAt(plan: ChunkPlan, index: number): number {
  if (index < plan.totalChunks) return plan.chunkSize
  return plan.totalSize - plan.chunkSize * (plan.totalChunks - 1)
}

/** Where chunk `index` (1-based) starts in the file, in bytes. */
export function chunkOffset(plan: ChunkPlan, index: number): number {
  return plan.chunkSize * (index - 1)
}

/** A piece of one chunk: `length` bytes from `start` within chunk `index`. */
export interface ChunkSlice {
  index: number
  start: number
  length: number
}

/**
 * The chunk slices that make up bytes `start` to `end` (both inclusive, 0-based) of the file,
 * in order.
 *
 * @throws RangeError when the range does not lie within the file
 */
export function* sliceRange(plan: ChunkPlan, start: number, end: number): Generator<ChunkSlice> {
  if (start < 0 || end >= plan.totalSize) {
    throw new RangeError(`bytes ${start}-${end} are not all within ${plan.totalSize} bytes`)
  }
  let position = start
  while (position <= end) {
    const index = Math.floor(position / plan.chunkSize) + 1
    const within = position - chunkOffset(plan, index)
    const length = Math.min(chunkSizeAt(plan, index) - within, end - position + 1)
    yield { index, start: within, length }
    position += length
  }
}

/**
 * An ETag as clients spell it, in the one spelling we store: no `W/`, no quotes, lower case
 * (contract section 7, case 21: the official SDKs disagree about quotes and weak ETags).
 */
export function normalizeEtag(etag: string): string {
  return etag.trim().replace(/^W\//i, '').replace(/"/g, '').toLowerCase()
}
