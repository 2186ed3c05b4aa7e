import { type ChunkPlan, chunkOffset, chunkSizeAt } from '@partway/protocol'
import { type Source, unreadable } from '../source.ts'

type Bytes = Uint8Array<ArrayBuffer>

export interface ChunkReader {
  read(index: number): Promise<Bytes>
  /** The chunk will not be asked for again. With its bytes, their memory is used for another. */
  release(index: number, bytes?: Bytes): void
}

/** @throws UploadError, also for what a source throws that knows no such thing */
export async function readChunk(
  source: Source,
  plan: ChunkPlan,
  index: number,
  into?: Bytes,
): Promise<Bytes> {
  const start = chunkOffset(plan, index)
  try {
    return await source.read(start, start + chunkSizeAt(plan, index), into)
  } catch (error) {
    throw unreadable(source.name, error)
  }
}

/**
 * Reads chunks. What can be read only once is held until it is stored; everything else is read
 * into the memory of chunks before, because the garbage collector would let hundreds of megabytes
 * gather.
 */
export function createReader(source: Source, plan: ChunkPlan): ChunkReader {
  const held = new Map<number, Promise<Bytes>>()
  const free: Bytes[] = []

  function read(index: number): Promise<Bytes> {
    const isWhole = chunkSizeAt(plan, index) === plan.chunkSize
    return readChunk(source, plan, index, isWhole ? free.pop() : undefined)
  }

  return {
    read(index) {
      if (!source.once) return read(index)
      const found = held.get(index) ?? read(index)
      held.set(index, found)
      return found
    },
    release(index, bytes) {
      held.delete(index)
      if (bytes?.byteLength === plan.chunkSize) free.push(bytes)
    },
  }
}
