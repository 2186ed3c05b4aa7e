import type { Metadata } from './ports.ts'
import type { UploadProgress } from './types.ts'
import { findUpload } from './upload-state.ts'

/** First and last index, both included. */
export type ChunkRange = [first: number, last: number]

export interface ChunkMap {
  upload: UploadProgress
  /** Ascending, with gaps between them. */
  completed: ChunkRange[]
}

/** Which chunks were reported, as ranges. @throws PartwayError `resource_not_exist` */
export async function chunkMap(metadata: Metadata, account: string, id: string): Promise<ChunkMap> {
  const upload = await findUpload(metadata, account, id)
  const chunks = await metadata.listChunks(id, { from: 1, to: upload.totalChunks })
  const completed: ChunkRange[] = []
  for (const { index } of chunks) {
    const range = completed.at(-1)
    if (range?.[1] === index - 1) range[1] = index
    else completed.push([index, index])
  }
  return { upload, completed }
}

/** What lies between ascending ranges, from 1 to `last`. */
export function gapsBetween(ranges: ChunkRange[], last: number): ChunkRange[] {
  const starts = [1, ...ranges.map(([, end]) => end + 1)]
  const ends = [...ranges.map(([start]) => start - 1), last]
  return starts
    .map((start, i): ChunkRange => [start, ends[i]!])
    .filter(([start, end]) => start <= end)
}
