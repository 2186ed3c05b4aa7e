import type { Client, Upload, UploadError, UploadProgress } from '@partway/client'
import { computed, signal } from '@preact/signals'
import { type FileIdentity, unfinishedId, type Wishes } from '../lib/unfinished.ts'
import { handleOf } from './handles.ts'
import { dropRecord, keepRecord } from './records.ts'

/** A file that is being sent, or was while the page was open. */
export interface Sending {
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

/** Under way in this tab: told before the page is left. */
export const isSending = computed(() =>
  [...sending.value.values()].some(({ progress: { phase } }) =>
    ['starting', 'checking', 'sending'].includes(phase),
  ),
)

/** Another tab can see by this lock that a file is being sent. */
export const lockName = (id: string) => `partway-console:${id}`

/** A client whose uploads are shown, and remembered until they have come to their end. */
export function trackedClient(client: Client): Client {
  return {
    ...client,
    upload(source, options = {}) {
      const { type, userMetadata, enableHls = false, enableThumbnail = false } = options
      const file = { name: source.name, size: source.size, modified: source.modified ?? 0 }
      const wishes = {
        ...(type ? { type } : {}),
        ...(userMetadata
          ? { userMetadata: userMetadata as NonNullable<Wishes['userMetadata']> }
          : {}),
        ...{ enableHls, enableThumbnail },
      }
      const id = unfinishedId({ ...file, wishes })
      let kept: string | undefined
      const upload: Upload = client.upload(source, {
        ...options,
        onProgress(progress) {
          options.onProgress?.(progress)
          show(id, { id, file, progress, uploadId: upload.id })
          if (!upload.id || kept === upload.id) return
          kept = upload.id
          const unfinished = { ...file, wishes, uploadId: upload.id, at: Date.now() }
          void handleOf(file).then((handle) => (ended ? undefined : keepRecord(unfinished, handle)))
        },
      })
      let ended = false
      void navigator.locks?.request(lockName(id), { ifAvailable: true }, (lock) =>
        lock ? upload.done().catch(() => {}) : undefined,
      )
      upload.done().then(
        ({ assetId }) => {
          ended = true
          show(id, { id, file, progress: upload.progress, uploadId: upload.id, assetId })
          void dropRecord(id)
        },
        (error: UploadError) => {
          ended = error.code === 'aborted'
          if (ended) {
            hide(id)
            void dropRecord(id)
          } else if (error.name === 'UploadError') {
            show(id, { id, file, progress: upload.progress, uploadId: upload.id, error })
          }
        },
      )
      return upload
    },
  }
}

function show(id: string, entry: Sending): void {
  sending.value = new Map(sending.value).set(id, entry)
}

export function hide(id: string): void {
  const rest = new Map(sending.value)
  rest.delete(id)
  sending.value = rest
}

export function hideAll(): void {
  sending.value = new Map()
}
