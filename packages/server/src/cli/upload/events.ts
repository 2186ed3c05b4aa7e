import type { Asset } from '@partway/protocol'

// What happens to a file, as `--json` prints it; docs/cli.md describes every one for users.

interface Of {
  /** The path. */
  file: string
}

/** Known once the server has created the upload. */
interface Ids {
  upload_id: string
  asset_id: string
}

export interface UploadedIds extends Ids {
  url: string
  /** Of the whole file. */
  sha256: string
}

export interface Progress extends Of {
  event: 'progress'
  /** `checking`: what was sent before is read again and compared. */
  phase: 'checking' | 'sending'
  upload_id?: string | undefined
  /** Bytes. */
  size: number
  /** Bytes that left this machine. */
  sent: number
  /** Bytes the server confirmed. */
  acknowledged: number
  /** Bytes a second. */
  rate: number
  seconds_left: number | null
}

export interface Uploaded extends Of, UploadedIds {
  event: 'uploaded'
  size: number
  /** Bytes that were there already, from runs before. */
  resumed_size: number
  /** How long it took; 0 when an earlier run of the same command has uploaded it. */
  seconds: number
}

export interface Ready extends Of, UploadedIds, Pick<Asset, 'file_type' | 'duration'> {
  event: 'ready'
  hls?: Asset['hls']
  thumbnail?: Asset['thumbnail']
}

export interface Failed extends Of, Partial<UploadedIds> {
  event: 'failed'
  code: string
  message: string
  /** Of the answer; absent when there was none. */
  status?: number
  request_id?: string
}

export type FileEvent =
  | (Of & Ids & { event: 'started'; size: number })
  | (Of & Ids & { event: 'resumed'; size: number; resumed_size: number })
  | Progress
  | Uploaded
  | (Of & UploadedIds & { event: 'processing' })
  | Ready
  | Failed
  | (Of & Partial<Ids> & { event: 'paused' })
  | (Of & { event: 'skipped'; reason: string })
