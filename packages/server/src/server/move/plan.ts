import type { CopySource, CopyTarget, OpenUpload } from '../../adapters/sql/copy.ts'
import { listAssets } from './move.ts'

export interface MovePlan {
  /** What the source has, and bytes of it. */
  assets: number
  bytes: number
  /** Of these, what the target has already. */
  presentAssets: number
  presentBytes: number
  /** Assets of the target that are not from the source. */
  otherAssets: number
  keys: number
  /** Uploads under way, which cannot be moved; the first to expire first. */
  uploads: OpenUpload[]
}

/** Looks at both sides and changes nothing. `to` is `undefined` when the target has no tables yet. */
export async function planMove(from: CopySource, to: CopyTarget | undefined): Promise<MovePlan> {
  const plan = { assets: 0, bytes: 0, presentAssets: 0, presentBytes: 0 }
  for await (const { copied, present } of listAssets(from, to)) {
    const bytes = copied.asset.objectRef === null ? 0 : copied.asset.size
    plan.assets += 1
    plan.bytes += bytes
    if (!present) continue
    plan.presentAssets += 1
    plan.presentBytes += bytes
  }
  const uploads = await from.openUploads()
  const keys = (await from.keys()).length
  const otherAssets = ((await to?.count()) ?? 0) - plan.presentAssets
  return { ...plan, otherAssets, keys, uploads }
}
