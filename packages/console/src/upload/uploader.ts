import { type Client, UploadError } from '@partway/client'
import { effect, signal } from '@preact/signals'
import { session } from '../api/session.ts'
import { type MetadataRow, metadataOf } from '../lib/metadata.ts'
import {
  type FileIdentity,
  matchingUnfinished,
  type Unfinished,
  type Wishes,
} from '../lib/unfinished.ts'
import { isDark } from '../shell/theme.ts'
import { toast } from '../ui/toasts.tsx'
import type { Engine } from './engine.ts'
import { dropRecord, loadRecords } from './records.ts'
import { isSending, trackedClient } from './track.ts'

export interface UploadOptionsForm {
  type: '' | NonNullable<Wishes['type']>
  metadata: MetadataRow[]
  enableHls: boolean
  enableThumbnail: boolean
}

/** What is asked for with files that are sent from now on. */
export const form = signal<UploadOptionsForm>({
  ...{ type: '', metadata: [], enableHls: false, enableThumbnail: true },
})

export function wishesOf({ type, metadata, ...flags }: UploadOptionsForm): Wishes {
  const read = metadataOf(metadata)
  const values = 'values' in read ? read.values : {}
  return {
    ...(type === '' ? {} : { type }),
    ...(Object.keys(values).length > 0 ? { userMetadata: values } : {}),
    ...flags,
  }
}

let engine: { promise: Promise<Engine>; ended: AbortController } | undefined

/** Puts Uppy into `target`, once a session. Until then nothing of it is loaded. */
export function startEngine(target: HTMLElement): Promise<Engine> {
  engine ??= begin(target)
  const { promise } = engine
  // A chunk of the page that did not come is asked for again the next time.
  promise.catch(() => {
    if (engine?.promise === promise) stopEngine()
  })
  return promise
}

function begin(target: HTMLElement): NonNullable<typeof engine> {
  const { client } = session.value!
  const ended = new AbortController()
  const promise = import('./engine.ts').then(({ createEngine }) =>
    createEngine({
      client: trackedClient(client, ended.signal),
      target,
      dark: isDark.peek(),
      wishes: () => wishesOf(form.peek()),
      earlier: (files) => findEarlier(client, files),
      onProblem: toast,
    }),
  )
  const stopThemes = effect(() => {
    const dark = isDark.value
    void promise.then((started) => started.setDark(dark)).catch(() => {})
  })
  ended.signal.addEventListener('abort', stopThemes)
  return { promise, ended }
}

/** For each file the upload it had before, where that can be gone on with. */
async function findEarlier(
  client: Client,
  files: readonly FileIdentity[],
): Promise<(Unfinished | undefined)[]> {
  // Read anew: another tab may have begun one meanwhile.
  const all = await loadRecords()
  return Promise.all(
    files.map(async (file) => {
      for (const record of matchingUnfinished(all, file)) {
        if (await canGoOn(client, record)) return record
      }
      return undefined
    }),
  )
}

async function canGoOn({ uploads }: Client, { uploadId }: Unfinished): Promise<boolean> {
  try {
    const { status } = await uploads.status(uploadId, { page_limit: 1 })
    if (status !== 'active') await dropRecord(uploadId)
    return status === 'active'
  } catch (error) {
    // It may be another account's. What could not be asked now, the client will find out.
    return !(error instanceof UploadError && error.status === 404)
  }
}

/** Acts on the uploader once it is there; what goes wrong is told. */
export async function withEngine(act: (engine: Engine) => unknown): Promise<void> {
  try {
    await act((await engine?.promise)!)
  } catch (error) {
    toast((error as Error).message)
  }
}

/** With the session: what was begun stays on the server. */
export function stopEngine(): void {
  const stopped = engine
  engine = undefined
  stopped?.ended.abort()
  void stopped?.promise.then((started) => started.destroy()).catch(() => {})
}

/** Whoever leaves while something is sent is asked first. */
export function guardLeaving(): void {
  const ask = (event: BeforeUnloadEvent) => event.preventDefault()
  effect(() => {
    if (isSending.value) window.addEventListener('beforeunload', ask)
    else window.removeEventListener('beforeunload', ask)
  })
}
