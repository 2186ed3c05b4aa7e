import type { CopySource, CopyTarget, OpenUpload } from '../../adapters/sql/copy.ts'
import { listAssets } from './move.ts'
import type { MovedAssets } from './moved.ts'

export interface MovePlan {
  /** What the source has, and bytes of it. */
  assets: number
  bytes: number
  /** Of these, what the target has already. */
  presentAssets: number
  presentBytes: number
  /** Of these, what was moved by an earlier run and has been deleted in the target since. */
  deletedAssets: number
  deletedBytes: number
  /** Assets of the target that are not from the source. */
  otherAssets: number
  keys: number
  /** Uploads under way, which cannot be moved; the first to expire first. */
  uploads: OpenUpload[]
}

/** Looks at both sides and changes nothing. `to` is `undefined` when the target has no tables yet. */
export async function planMove(
  from: CopySource,
  to: CopyTarget | undefined,
  moved: Pick<MovedAssets, 'has'>,
): Promise<MovePlan> {
  const all = { assets: 0, bytes: 0 }
  const there = { ...all }
  const gone = { ...all }
  for await (const { copied, present, deleted } of listAssets(from, to, moved)) {
    const bytes = copied.asset.objectRef === null ? 0 : copied.asset.size
    for (const sum of [all, ...(present ? [there] : []), ...(deleted ? [gone] : [])]) {
      sum.assets += 1
      sum.bytes += bytes
    }
  }
  const uploads = await from.openUploads()
  const keys = (await from.keys()).length
  const otherAssets = ((await to?.count()) ?? 0) - there.assets
  return {
    ...{ ...all, presentAssets: there.assets, presentBytes: there.bytes },
    ...{ deletedAssets: gone.assets, deletedBytes: gone.bytes },
    ...{ otherAssets, keys, uploads },
  }
}
