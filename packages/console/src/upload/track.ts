import {
  type Client,
  type Upload,
  UploadError,
  type UploadOptions,
  type UploadProgress,
} from '@partway/client'
import { computed, signal } from '@preact/signals'
import { type FileIdentity, identityKey, type Wishes } from '../lib/unfinished.ts'
import { claimOf, release, releaseAll } from './claims.ts'
import { handleOf } from './handles.ts'
import { dropRecord, keepRecord, records } from './records.ts'

/** A file that is being sent, or was while the page was open. */
export interface Sending {
  /** By what the file is: no file is sent twice in one tab. */
  id: string
  file: FileIdentity
  progress: UploadProgress
  uploadId: string | undefined
  /** Others come first. */
  waiting?: boolean
  /** By somebody: it does not go on by itself. */
  paused?: boolean
  /** Once it is stored. */
  assetId?: string
  error?: UploadError
}

/** By id; in the order they were begun. */
export const sending = signal<ReadonlyMap<string, Sending>>(new Map())

/** Neither stored nor given up: in sending, paused or waiting. */
export const underWay = computed(() =>
  [...sending.value.values()].filter(({ assetId, error }) => !assetId && !error),
)

/** Something is being sent, or will be: told before the page is left. */
export const isSending = computed(() =>
  underWay.value.some(({ progress: { phase } }) =>
    ['starting', 'checking', 'sending'].includes(phase),
  ),
)

export const rowOf = (file: FileIdentity): Sending | undefined =>
  sending.peek().get(identityKey(file))

/** Files that are sent when others are. */
export function showWaiting(files: readonly FileIdentity[]): void {
  const all = new Map(sending.peek())
  for (const file of files) {
    const id = identityKey(file)
    const row = all.get(id)
    // One that is under way is only tried again.
    if (row && !row.error && !row.assetId) continue
    const uploadId = row?.error && row.uploadId
    all.set(id, { id, file, progress: nothingSent(file), uploadId, waiting: true })
  }
  sending.value = all
}

/** One that may go on does so when it is its turn; one that waits may have to wait for longer. */
export function onPaused(file: FileIdentity, paused: boolean): void {
  const row = rowOf(file)
  if (!row || row.error || row.assetId) return
  const rests = row.waiting || row.progress.phase === 'paused'
  const resting = { progress: { ...row.progress, phase: 'paused' as const }, waiting: !paused }
  sending.value = new Map(sending.peek()).set(row.id, { ...row, paused, ...(rests && resting) })
}

/** What was not begun leaves nothing behind. */
export function onRemoved(file: FileIdentity): void {
  if (!claimOf(file)?.inUse) release(file)
  const row = rowOf(file)
  if (row?.waiting && !row.uploadId) hide(row.id)
}

const nothingSent = ({ size: total }: FileIdentity): UploadProgress => ({
  ...{ phase: 'starting', total, acknowledged: 0, sent: 0, rate: 0, secondsLeft: undefined },
})

/**
 * A client whose uploads are remembered until they have come to their end, and shown until `signal`
 * fires: what is told of them afterwards is of a session that is over. It sends what was claimed.
 */
export function trackedClient(client: Client, signal: AbortSignal): Client {
  const show = (entry: Sending) => {
    if (signal.aborted) return
    const paused = sending.value.get(entry.id)?.paused ?? false
    sending.value = new Map(sending.value).set(entry.id, { ...entry, paused })
  }
  signal.addEventListener('abort', () => {
    sending.value = new Map()
    releaseAll()
  })
  return {
    ...client,
    upload(source, options = {}) {
      const file = { name: source.name, size: source.size, modified: source.modified ?? 0 }
      const id = identityKey(file)
      const claimed = claimOf(file)
      if (!claimed) {
        const message = `${file.name} is being uploaded in another tab.`
        const error = new UploadError(message, { code: 'upload_in_progress' })
        show({ id, file, progress: nothingSent(file), uploadId: undefined, error })
        throw error
      }
      if (claimed.inUse) {
        const message = `${file.name} is being uploaded already.`
        throw new UploadError(message, { code: 'upload_in_progress' })
      }
      claimed.inUse = true
      const memory = createMemory(file, wishesIn(options))
      // One that failed before it was found again is still the one it was.
      const known = () => upload.id ?? claimed.uploadId ?? sending.peek().get(id)?.uploadId
      const upload: Upload = client.upload(source, {
        ...options,
        ...(claimed.uploadId ? { uploadId: claimed.uploadId } : {}),
        onProgress(progress) {
          options.onProgress?.(progress)
          show({ id, file, progress, uploadId: known() })
          if (upload.id) memory.keep(upload.id, upload.assetId)
        },
      })
      upload.done().then(
        ({ assetId, uploadId }) => {
          release(file)
          show({ id, file, progress: upload.progress, uploadId, assetId })
          memory.drop()
        },
        (cause: Error) => {
          release(file)
          // Ended here: whoever did so forgets it when the server has, too.
          if (cause instanceof UploadError && cause.code === 'aborted') return hide(id)
          const error =
            cause instanceof UploadError
              ? cause
              : new UploadError(cause.message, { code: 'generic_error', cause })
          show({ id, file, progress: upload.progress, uploadId: known(), error })
        },
      )
      return upload
    },
  }
}

function wishesIn({
  type,
  userMetadata,
  enableHls = false,
  enableThumbnail = false,
}: UploadOptions): Wishes {
  return {
    ...(type ? { type } : {}),
    ...(userMetadata ? { userMetadata: userMetadata as NonNullable<Wishes['userMetadata']> } : {}),
    ...{ enableHls, enableThumbnail },
  }
}

/** What is remembered of one file, one step after the other. */
function createMemory(file: FileIdentity, wishes: Wishes) {
  let kept: string | undefined
  let last: Promise<unknown> = Promise.resolve()
  const then = (step: () => Promise<unknown>) => {
    last = last.then(step)
  }
  return {
    keep(uploadId: string, assetId: string | undefined): void {
      if (kept === uploadId) return
      const before = kept
      kept = uploadId
      // The first could not be gone on with.
      if (before) then(() => dropRecord(before))
      const unfinished = { ...file, wishes, uploadId, ...(assetId ? { assetId } : {}) }
      then(() => keepRecord(unfinished, undefined))
      // Looking through a folder that was dropped may take long.
      void handleOf(file).then((handle) => {
        const isKept = () => records.peek().some(({ id }) => id === uploadId)
        if (handle) then(async () => isKept() && keepRecord(unfinished, handle))
      })
    },
    drop(): void {
      const id = kept
      kept = undefined
      if (id) then(() => dropRecord(id))
    },
  }
}

export function hide(id: string): void {
  const rest = new Map(sending.value)
  rest.delete(id)
  sending.value = rest
}
