import { effect, signal } from '@preact/signals'
import { session } from '../api/session.ts'
import { type MetadataRow, metadataOf } from '../lib/metadata.ts'
import type { Wishes } from '../lib/unfinished.ts'
import { isDark } from '../shell/theme.ts'
import { toast } from '../ui/toasts.tsx'
import type { Engine } from './engine.ts'
import { forgetHandles } from './handles.ts'
import { patientClient } from './patient.ts'
import { prepare } from './prepare.ts'
import {
  isSending,
  onPaused,
  onRemoved,
  rowOf,
  type Sending,
  showWaiting,
  trackedClient,
} from './track.ts'

export interface UploadOptionsForm {
  type: '' | NonNullable<Wishes['type']>
  metadata: MetadataRow[]
  enableHls: boolean
  enableThumbnail: boolean
}

/** What is asked for with files that are sent from now on. */
export const form = signal(emptyForm())

function emptyForm(): UploadOptionsForm {
  return { type: '', metadata: [], enableHls: false, enableThumbnail: true }
}

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

/**
 * Puts Uppy into `target`, once a session. Until then nothing of it is loaded.
 *
 * @param askToCancel asks before what was begun is taken out
 */
export function startEngine(
  target: HTMLElement,
  askToCancel: (row: Sending) => void,
): Promise<Engine> {
  engine ??= begin(target, askToCancel)
  const { promise } = engine
  // A chunk of the page that did not come is asked for again the next time.
  promise.catch(() => {
    if (engine?.promise === promise) stopEngine()
  })
  return promise
}

function begin(
  target: HTMLElement,
  askToCancel: (row: Sending) => void,
): NonNullable<typeof engine> {
  const { client } = session.value!
  const ended = new AbortController()
  const promise = import('./engine.ts').then(({ createEngine }) =>
    createEngine({
      client: trackedClient(patientClient(client), ended.signal),
      target,
      dark: isDark.peek(),
      prepare: (files) => prepare(client, files, wishesOf(form.peek()), ended.signal),
      onWaiting(files) {
        if (!ended.signal.aborted) showWaiting(files)
      },
      ...{ onPaused, onRemoved, onProblem: toast },
      mayRemove(file) {
        const row = rowOf(file)
        if (!row?.uploadId || row.assetId) return true
        askToCancel(row)
        return false
      },
    }),
  )
  const stopThemes = effect(() => {
    const dark = isDark.value
    void promise.then((started) => started.setDark(dark)).catch(() => {})
  })
  ended.signal.addEventListener('abort', stopThemes)
  return { promise, ended }
}

/** Acts on the uploader once it is there; what goes wrong is told. */
export async function withEngine(act: (engine: Engine) => unknown): Promise<void> {
  try {
    if (!engine) throw new Error('The uploader is not loaded.')
    await act(await engine.promise)
  } catch (error) {
    toast((error as Error).message)
  }
}

/** With the session, of which nothing stays here; what was begun stays on the server. */
export function stopEngine(): void {
  const stopped = engine
  engine = undefined
  form.value = emptyForm()
  forgetHandles()
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
