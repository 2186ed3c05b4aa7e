import type { Client, Upload, UploadError, UploadOptions, UploadProgress } from '@partway/client'
import { computed, signal } from '@preact/signals'
import { type FileIdentity, identityKey, type Wishes } from '../lib/unfinished.ts'
import { handleOf } from './handles.ts'
import { dropRecord, keepRecord } from './records.ts'

/** A file that is being sent, or was while the page was open. */
export interface Sending {
  /** By what the file is: no file is sent twice in one tab. */
  id: string
  file: FileIdentity
  progress: UploadProgress
  uploadId: string | undefined
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

/** Something is being sent: told before the page is left. */
export const isSending = computed(() =>
  underWay.value.some(({ progress: { phase } }) =>
    ['starting', 'checking', 'sending'].includes(phase),
  ),
)

/** Another tab can see by this lock that an upload is being sent. */
export const lockName = (uploadId: string) => `partway-console:${uploadId}`

/**
 * A client whose uploads are remembered until they have come to their end, and shown until `signal`
 * fires: what is told of them afterwards is of a session that is over.
 */
export function trackedClient(client: Client, signal: AbortSignal): Client {
  const show = (entry: Sending) => {
    if (!signal.aborted) sending.value = new Map(sending.value).set(entry.id, entry)
  }
  signal.addEventListener('abort', () => {
    sending.value = new Map()
  })
  return {
    ...client,
    upload(source, options = {}) {
      const file = { name: source.name, size: source.size, modified: source.modified ?? 0 }
      const id = identityKey(file)
      const memory = createMemory(file, wishesIn(options))
      const upload: Upload = client.upload(source, {
        ...options,
        onProgress(progress) {
          options.onProgress?.(progress)
          show({ id, file, progress, uploadId: upload.id })
          if (upload.id) memory.keep(upload.id, upload)
        },
      })
      upload.done().then(
        ({ assetId }) => {
          show({ id, file, progress: upload.progress, uploadId: upload.id, assetId })
          memory.drop()
        },
        (error: UploadError) => {
          if (error.code === 'aborted') {
            hide(id)
            memory.drop()
          } else if (error.name === 'UploadError') {
            show({ id, file, progress: upload.progress, uploadId: upload.id, error })
          }
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
    keep(uploadId: string, upload: Upload): void {
      if (kept === uploadId) return
      const before = kept
      kept = uploadId
      // The first could not be gone on with.
      if (before) then(() => dropRecord(before))
      then(async () =>
        keepRecord({ ...file, wishes, uploadId, at: Date.now() }, await handleOf(file)),
      )
      void navigator.locks?.request(lockName(uploadId), { ifAvailable: true }, (lock) =>
        lock ? upload.done().catch(() => {}) : undefined,
      )
    },
    drop(): void {
      const id = kept
      if (id) then(() => dropRecord(id))
    },
  }
}

export function hide(id: string): void {
  const rest = new Map(sending.value)
  rest.delete(id)
  sending.value = rest
}
