import { DamagedError } from '../../adapters/fs/source.ts'
import {
  type CopiedAsset,
  type CopySource,
  type CopyTarget,
  inStore,
  withoutBytes,
} from '../../adapters/sql/copy.ts'
import { uploadOf } from '../../adapters/sql/rows.ts'
import type { Chunk } from '../../core/types.ts'
import { type AssetMover, DifferentBytesError, moveBytes } from './asset.ts'
import type { MovedAssets } from './moved.ts'
import { inParallel } from './parallel.ts'

/** An asset as messages name it. */
export interface Named {
  id: string
  filename: string
  /** Bytes. */
  size: number
}

export interface MoveEvents {
  /** Bytes of assets that were not wholly in the target at the start, and are there now. */
  onProgress(bytes: number): void
  onMoved(asset: Named): void
  /** It stays behind, and the others go on. */
  onFailed(asset: Named, reason: string): void
}

export interface Mover extends Omit<AssetMover, 'onBytes'> {
  from: CopySource
  to: CopyTarget
  moved: MovedAssets
  events: MoveEvents
}

const ASSETS_AT_ONCE = 4
/** Rows asked for at once. */
const PAGE = 100

const UPLOAD_LEFT_BEHIND =
  'Its upload was under way when the service moved to another store. Upload the file again.'

/**
 * Moves every key and every asset that has not come to the target yet. The rows of an asset follow its bytes, so
 * that an asset in the target is one that is wholly there.
 *
 * @throws what the stores and databases throw, and the reason of `signal`; the same call goes on later
 */
export async function moveAll(mover: Mover): Promise<void> {
  const { from, to, events, journals, moved } = mover
  // What stops one asset for another reason than its own bytes stops all, within large ones too.
  const stop = new AbortController()
  const signal = AbortSignal.any([mover.signal, stop.signal])
  await to.addKeys(await from.keys())
  let bytes = 0
  const onBytes = (count: number) => {
    bytes += count
    events.onProgress(bytes)
  }

  const one = async ({ copied, present, deleted }: Listed) => {
    const { id, filename, size } = copied.asset
    const asset = { id, filename, size }
    if (deleted) return
    const done = async () => {
      await moved.add(id)
      await (await journals.open(id)).forget()
    }
    if (present) return done()
    try {
      await moveAsset({ ...mover, signal, onBytes }, copied)
    } catch (error) {
      if (!(error instanceof DamagedError || error instanceof DifferentBytesError)) {
        stop.abort(error)
        throw error
      }
      return events.onFailed(asset, error.message)
    }
    await done()
    events.onMoved(asset)
  }
  await inParallel(listAssets(from, to, moved), ASSETS_AT_ONCE, signal, one)
}

async function moveAsset(
  mover: AssetMover & Pick<Mover, 'from' | 'to'>,
  copied: CopiedAsset,
): Promise<void> {
  const { asset, upload } = copied
  if (asset.objectRef === null) return mover.to.add(withoutBytes(copied, UPLOAD_LEFT_BEHIND), [])
  if (!upload) throw new DamagedError('the record of its upload is missing')
  const chunks = await mover.from.chunks(upload.id)
  checkPlan(chunks, upload.totalChunks)
  const moved = await moveBytes(mover, asset.objectRef, uploadOf(upload), chunks)
  await mover.to.add(inStore(copied, moved.storeRef, moved.object), moved.chunks)
}

function checkPlan(chunks: Chunk[], totalChunks: number): void {
  if (chunks.length === totalChunks) return
  throw new DamagedError(`only ${chunks.length} of its ${totalChunks} chunks are recorded`)
}

export interface Listed {
  copied: CopiedAsset
  /** In the target. */
  present: boolean
  /** Was in the target, and is no more. */
  deleted: boolean
}

/** Every asset of the source, and whether the target has it; `to` is `undefined` when it has no tables. */
export async function* listAssets(
  from: CopySource,
  to: CopyTarget | undefined,
  moved: Pick<MovedAssets, 'has'>,
): AsyncGenerator<Listed> {
  for (let after = ''; ; ) {
    const page = await from.assets(after, PAGE)
    const last = page.at(-1)
    if (!last) return
    const present = (await to?.present(page.map(({ asset }) => asset.id))) ?? new Set()
    for (const copied of page) {
      const { id } = copied.asset
      yield { copied, present: present.has(id), deleted: !present.has(id) && moved.has(id) }
    }
    after = last.asset.id
  }
}
