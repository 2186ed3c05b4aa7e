import type { AssetType, UserMetadataInput } from '@partway/protocol'

export interface UploadOptions {
  /** @default told by the filename */
  type?: AssetType
  /** @default the name of the source */
  filename?: string
  userMetadata?: UserMetadataInput
  /** Have an HLS stream made; video and audio only. */
  enableHls?: boolean
  /** Have a thumbnail made. */
  enableThumbnail?: boolean
  /**
   * Chunks under way at once, from 1 to 64. `auto` finds out how many make it faster, and slows down
   * when the other side has enough.
   *
   * @default auto
   */
  concurrency?: number | 'auto'
  /** Most bytes a second, in all. @default no limit */
  limitRate?: number
  /** Go on with this upload instead of looking for one in the journal. */
  uploadId?: string
  /** Look in the journal for an upload of this very file, and keep one. @default true */
  resume?: boolean
  /** Stops the upload without ending it: it can be resumed. {@link Upload.abort} ends it. */
  signal?: AbortSignal
  onProgress?: (progress: UploadProgress) => void
  /**
   * The place to write down what the upload became, once: only when it has resolved is the upload
   * forgotten. A process that ends before that finds the same asset when it uploads the file again,
   * and so it does when this throws, which makes the upload fail.
   */
  onUploaded?: (asset: UploadedAsset) => void | Promise<void>
}

export type UploadPhase = 'starting' | 'checking' | 'sending' | 'paused' | 'done' | 'failed'

/** Never goes back, also when chunks have to be sent again. */
export interface UploadProgress {
  phase: UploadPhase
  /** Bytes in all. */
  total: number
  /** Bytes the store has confirmed. */
  acknowledged: number
  /** Bytes that left this machine, confirmed or not; at most `total`. */
  sent: number
  /** Bytes a second of late; 0 until there is something to measure. */
  rate: number
  /** Seconds left at that rate; `undefined` until there is one. */
  secondsLeft: number | undefined
}

/** What a finished upload became. */
export interface UploadedAsset {
  assetId: string
  uploadId: string
  /** Where the content is; signed and expiring. */
  url: string
  /** Bytes. */
  size: number
  /** Bytes of every chunk but the last. */
  chunkSize: number
  /** SHA-256 of every chunk, in order; `undefined` where this machine cannot compute it. */
  digests: (string | undefined)[]
}

export interface Upload extends AsyncIterable<UploadProgress> {
  /** Known once the server has created it. */
  readonly id: string | undefined
  readonly assetId: string | undefined
  readonly progress: UploadProgress
  /** Resolves when the server has all of it. @throws UploadError, or the reason of the signal */
  done(): Promise<UploadedAsset>
  /** Stops sending; resolves when nothing is under way any more. */
  pause(): Promise<void>
  /** Goes on after a pause: asks the server what it has, and sends the rest. */
  resume(): void
  /**
   * Ends the upload here and on the server; also one that has failed.
   *
   * @throws UploadError when the server could not be told, or `upload_in_progress` when somebody
   * else goes on with one that failed
   */
  abort(): Promise<void>
}
