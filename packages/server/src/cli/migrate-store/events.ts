// What happens, as `--json` prints it; docs/cli.md describes every one for users. Sizes are bytes.

interface AssetNamed {
  asset_id: string
  filename: string
  size: number
}

export interface Plan {
  event: 'plan'
  dry_run: boolean
  assets: number
  size: number
  /** Of these, what the target has already. */
  present_assets: number
  present_size: number
  /** Of these, what was moved before and has been deleted in the target since; it is left out. */
  deleted_assets: number
  deleted_size: number
  /** Assets of the target that are not from the source. */
  other_assets: number
  keys: number
  uploads: OpenUpload[]
  /** Names of migrations of the target. */
  migrations: string[]
  /** Whether URLs signed by the source will work; null when it has no `signing.key`. */
  signing_key: boolean | null
}

export interface OpenUpload {
  upload_id: string
  account: string
  filename: string
  chunks_completed: number
  total_chunks: number
  expires_at: string
}

export interface Progress {
  event: 'progress'
  size: number
  /** In the target, those of earlier runs included. */
  moved: number
  /** Bytes a second. */
  rate: number
  seconds_left: number | null
}

export interface Done {
  event: 'done'
  moved: number
  present: number
  failed: number
}

export type MoveEvent =
  | Plan
  | Progress
  | (AssetNamed & { event: 'moved' })
  | (AssetNamed & { event: 'failed'; message: string })
  | Done
  | { event: 'stopped' }
