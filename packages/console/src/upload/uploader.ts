import { effect, signal } from '@preact/signals'
import { session } from '../api/session.ts'
import { type MetadataRow, metadataOf } from '../lib/metadata.ts'
import { findUnfinished, type Wishes } from '../lib/unfinished.ts'
import { isDark } from '../shell/theme.ts'
import { toast } from '../ui/toasts.tsx'
import type { Engine } from './engine.ts'
import { loadRecords, type UnfinishedRecord } from './records.ts'
import { hideAll, isSending, trackedClient } from './track.ts'

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

/** Files whose upload was begun in this browser, as of the last look. */
export const records = signal<UnfinishedRecord[]>([])

export async function lookForRecords(): Promise<UnfinishedRecord[]> {
  records.value = await loadRecords()
  return records.value
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

let engine: { promise: Promise<Engine>; stop: () => void } | undefined

/** Puts Uppy into `target`, once a session. Until then nothing of it is loaded. */
export function startEngine(target: HTMLElement): Promise<Engine> {
  engine ??= begin(target)
  // A chunk of the page that did not come is asked for again the next time.
  engine.promise.catch(() => {
    engine = undefined
  })
  return engine.promise
}

function begin(target: HTMLElement): NonNullable<typeof engine> {
  const { client } = session.value!
  const promise = Promise.all([import('./engine.ts'), lookForRecords()]).then(
    ([{ createEngine }]) =>
      createEngine({
        client: trackedClient(client),
        target,
        dark: isDark.peek(),
        wishes: () => wishesOf(form.peek()),
        earlierWishes: (file) => findUnfinished(records.peek(), file)?.wishes,
        onProblem: toast,
      }),
  )
  const stop = effect(() => {
    const dark = isDark.value
    void promise.then((started) => started.setDark(dark)).catch(() => {})
  })
  return { promise, stop }
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
  stopped?.stop()
  void stopped?.promise.then((started) => started.destroy()).catch(() => {})
  hideAll()
}

/** Whoever leaves while something is sent is asked first. */
export function guardLeaving(): void {
  const ask = (event: BeforeUnloadEvent) => event.preventDefault()
  effect(() => {
    if (isSending.value) window.addEventListener('beforeunload', ask)
    else window.removeEventListener('beforeunload', ask)
  })
}
