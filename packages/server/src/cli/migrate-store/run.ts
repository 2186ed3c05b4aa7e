import { readConfig } from '../../server/config.ts'
import { type MoveEvents, moveAll } from '../../server/move/move.ts'
import {
  knowsSigningKey,
  openSource,
  openTarget,
  sourcePaths,
  targetOf,
} from '../../server/move/open.ts'
import { createBudget } from '../../server/move/parallel.ts'
import { type MovePlan, planMove } from '../../server/move/plan.ts'
import { EXIT } from '../exit.ts'
import { onInterrupt } from '../upload/interrupt.ts'
import type { Plan } from './events.ts'
import { createMoveView, type MoveView } from './view.ts'

/** As commander gives them. */
interface Options {
  from: string
  fromDatabase?: string
  fromStore?: string
  dryRun?: boolean
  endUploads?: boolean
  json?: boolean
}

/** Chunks on their way at once, and the memory for them. */
const CHUNKS = 8
const MEMORY = 128 * 1024 * 1024

export async function migrateStore(options: Options): Promise<void> {
  const view = createMoveView(options.json === true)
  try {
    process.exitCode = await run(options, view)
  } finally {
    view.close()
  }
}

async function run(options: Options, view: MoveView): Promise<number> {
  const { dryRun = false, endUploads = false } = options
  const config = targetOf(readConfig(process.env))
  const paths = sourcePaths(options)
  const signingKey = (await knowsSigningKey(paths, config)) ?? null
  const source = await openSource(paths, dryRun)
  try {
    // Asked before the target is touched.
    const open = await source.records.openUploads()
    const refused = open.length > 0 && !endUploads
    const target = await openTarget(config, paths, dryRun || refused)
    try {
      const plan = await planMove(source.records, target.records, target.moved)
      const looking = dryRun || refused
      view.show(planEvent(plan, looking, target.pending, signingKey))
      if (refused) {
        throw new Error(
          'uploads are under way. Let them end first, or leave them behind with --end-uploads: their clients will have to begin again.',
        )
      }
      if (looking || !target.records) return 0
      using interruption = onInterrupt(() => view.close())
      const { signal } = interruption
      const tally = { moved: 0, failed: 0 }
      try {
        await moveAll({
          ...{ source: source.files, from: source.records, to: target.records },
          ...{ store: target.store, journals: target.journals, signal },
          moved: target.moved,
          budget: createBudget(CHUNKS, MEMORY),
          events: eventsFor(view, plan, tally),
        })
      } catch (error) {
        if (!signal.aborted)
          throw new Error(`${(error as Error).message} ${GO_ON}`, { cause: error })
        view.show({ event: 'stopped' })
        return EXIT.interrupted
      }
      view.show({ event: 'done', ...tally, present: plan.presentAssets })
      return tally.failed === 0 ? 0 : EXIT.failed
    } finally {
      await target.records?.close()
    }
  } finally {
    await source.records.close()
  }
}

const GO_ON = 'Run the same command again to go on.'

function planEvent(
  plan: MovePlan,
  dryRun: boolean,
  migrations: string[],
  signingKey: boolean | null,
): Plan {
  return {
    ...{ event: 'plan', dry_run: dryRun, assets: plan.assets, size: plan.bytes },
    ...{ present_assets: plan.presentAssets, present_size: plan.presentBytes },
    ...{ deleted_assets: plan.deletedAssets, deleted_size: plan.deletedBytes },
    ...{ other_assets: plan.otherAssets, keys: plan.keys },
    uploads: plan.uploads.map((upload) => ({
      ...{ upload_id: upload.id, account: upload.account, filename: upload.filename },
      ...{ chunks_completed: upload.chunksCompleted, total_chunks: upload.totalChunks },
      expires_at: new Date(upload.expiresAt).toISOString(),
    })),
    migrations,
    signing_key: signingKey,
  }
}

function eventsFor(
  view: MoveView,
  { bytes, presentBytes, deletedBytes }: MovePlan,
  tally: { moved: number; failed: number },
): MoveEvents {
  const started = performance.now()
  const size = bytes - deletedBytes
  return {
    onProgress(arrived) {
      const rate = Math.round((arrived / (performance.now() - started)) * 1000)
      const moved = presentBytes + arrived
      const left = rate > 0 ? (size - moved) / rate : null
      view.show({ event: 'progress', size, moved, rate, seconds_left: left })
    },
    onMoved({ id, filename, size: bytes }) {
      tally.moved += 1
      view.show({ event: 'moved', asset_id: id, filename, size: bytes })
    },
    onFailed({ id, filename, size: bytes }, message) {
      tally.failed += 1
      view.show({ event: 'failed', asset_id: id, filename, size: bytes, message })
    },
  }
}
