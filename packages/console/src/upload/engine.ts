import type { Client } from '@partway/client'
import Partway, { type PartwayBody } from '@partway/client/uppy'
import Uppy, { type Meta, type UppyFile } from '@uppy/core'
import '@uppy/core/css/style.min.css'
import Dashboard from '@uppy/dashboard'
import '@uppy/dashboard/css/style.min.css'
import { untilReachable } from '../api/reachable.ts'
import { baseName, type FileIdentity, type Wishes } from '../lib/unfinished.ts'
import '../styles/uppy.css'
import { canPick, noteDropped, pickFiles } from './handles.ts'
import type { Asked, Prepared } from './prepare.ts'

interface FileMeta extends Meta {
  /** Settled when the file is sent for the first time. */
  wishes?: Wishes
}
type File_ = UppyFile<FileMeta, PartwayBody>

export interface EngineOptions {
  client: Client
  target: HTMLElement
  dark: boolean
  /** Settles what each file is sent as, before it is sent or tried again. */
  prepare(files: readonly Asked[]): Promise<Prepared[]>
  /** They are sent when it is their turn. */
  onWaiting(files: readonly FileIdentity[]): void
  onPaused(file: FileIdentity, paused: boolean): void
  /** Whether it is taken out at once when somebody wants it out. */
  mayRemove(file: FileIdentity): boolean
  onRemoved(file: FileIdentity): void
  /** Told what somebody should know. */
  onProblem(message: string): void
}

export type Engine = ReturnType<typeof createEngine>

const STRINGS = {
  dropPasteBoth: 'Drop files or folders here, %{browseFiles} or %{browseFolders}',
  browseFiles: 'choose files',
  browseFolders: 'choose a folder',
}

const DEFAULT_WISHES: Wishes = { enableHls: false, enableThumbnail: false }

/** Uppy with its Dashboard and our plugin. Loaded when the upload view is first shown. */
export function createEngine({ client, target, dark, ...asked }: EngineOptions) {
  const wishesOf = (file: File_) => file.meta.wishes ?? DEFAULT_WISHES
  const ended = new AbortController()
  const { signal } = ended
  const uppy = new Uppy<FileMeta, PartwayBody>({ id: 'console' })
    .use(Dashboard, {
      target,
      inline: true,
      width: '100%',
      height: 380,
      theme: dark ? 'dark' : 'light',
      fileManagerSelectionType: 'both',
      singleFileFullScreen: false,
      // Our own list asks before it ends an upload.
      hideCancelButton: true,
      // And tells rate and time that is left, of each file and in other units.
      hideProgressDetails: true,
      proudlyDisplayPoweredByUppy: false,
      // A picture of every frame of hundreds of files is not what the machine is wanted for.
      disableThumbnailGenerator: true,
      locale: { strings: STRINGS } as never,
    })
    .use(Partway, {
      client,
      type: (file) => wishesOf(file as File_).type,
      userMetadata: (file) => wishesOf(file as File_).userMetadata,
      enableHls: (file) => wishesOf(file as File_).enableHls,
      enableThumbnail: (file) => wishesOf(file as File_).enableThumbnail,
    })

  /** Files that are being prepared: who tries one again meanwhile waits for the same. */
  const preparing = new Map<string, Promise<void>>()
  uppy.addPreProcessor(async (ids) => {
    const fresh = ids.filter((id) => !preparing.has(id))
    const prepared = prepare(fresh).finally(() => {
      for (const id of fresh) preparing.delete(id)
    })
    for (const id of fresh) preparing.set(id, prepared)
    await Promise.all(ids.map((id) => preparing.get(id)))
  })
  async function prepare(ids: string[]): Promise<void> {
    const files = uppy.getFilesByIds(ids)
    asked.onWaiting(files.map(identityOf))
    await untilReachable(signal)
    const prepared = await asked.prepare(
      files.map((file) => {
        const { wishes } = file.meta
        return { ...identityOf(file), ...(wishes ? { wishes } : {}) }
      }),
    )
    // All at once: Uppy copies its state for every change.
    const now = { ...uppy.getState().files }
    for (const [i, { id }] of files.entries()) {
      const file = now[id]
      const before = identityOf(files[i]!)
      const { name } = prepared[i]!
      if (name !== before.name) asked.onRemoved(before)
      if (file) now[id] = { ...file, meta: { ...file.meta, ...metaOf(prepared[i]!) } }
      // Taken out meanwhile.
      else asked.onRemoved({ ...before, name })
    }
    uppy.setState({ files: now })
    asked.onWaiting(files.flatMap(({ id }) => (now[id] ? identityOf(now[id]) : [])))
  }

  uppy.on('upload-pause', (file, paused) => {
    if (file) asked.onPaused(identityOf(file), paused)
  })
  uppy.on('pause-all', () => {
    for (const file of uppy.getFiles()) asked.onPaused(identityOf(file), true)
  })
  uppy.on('resume-all', () => {
    for (const file of uppy.getFiles()) asked.onPaused(identityOf(file), false)
  })
  uppy.on('file-removed', (file) => {
    asked.onRemoved(identityOf(file))
    // Or else it would offer to try again what is gone.
    if (!uppy.getFiles().some(({ error }) => error)) uppy.setState({ error: null })
  })

  // Before Uppy: what was dropped can only be asked for its handle at once.
  const noteDrop = ({ dataTransfer }: DragEvent) => {
    if (dataTransfer) noteDropped(dataTransfer.items)
  }
  target.addEventListener('drop', noteDrop, { capture: true, signal })
  const onBrowse = (event: MouseEvent) => {
    const button = (event.target as Element).closest('.uppy-Dashboard-browse')
    if (button?.textContent !== STRINGS.browseFiles || !canPick()) return
    event.preventDefault()
    event.stopPropagation()
    pickFiles()
      .then(add)
      .catch((error: Error) => asked.onProblem(error.message))
  }
  target.addEventListener('click', onBrowse, { capture: true, signal })
  const onRemove = (event: MouseEvent) => {
    const button = (event.target as Element).closest('.uppy-Dashboard-Item-action--remove')
    const item = button?.closest('.uppy-Dashboard-Item')
    const file = item && uppy.getState().files[item.id.replace(/^uppy_/, '')]
    if (!file || asked.mayRemove(identityOf(file))) return
    event.preventDefault()
    event.stopPropagation()
  }
  target.addEventListener('click', onRemove, { capture: true, signal })

  // Uppy's list of a single file does not say that it is a list.
  const watcher = new MutationObserver(() =>
    target.querySelector('.uppy-Dashboard-files')?.setAttribute('role', 'list'),
  )
  watcher.observe(target, { childList: true, subtree: true })
  signal.addEventListener('abort', () => watcher.disconnect())

  function add(files: readonly File[]): void {
    uppy.addFiles(
      files.map((data) => ({ source: 'console', name: data.name, type: data.type, data })),
    )
  }

  const find = (file: FileIdentity): File_ | undefined =>
    uppy.getFiles().find((each) => {
      const { name, ...rest } = identityOf(each)
      return name === file.name && rest.size === file.size && rest.modified === file.modified
    })

  return {
    /** Goes on with a file whose upload was begun before, under the name it had. */
    async goOn(data: File, { name, wishes }: Prepared): Promise<void> {
      const known = find({ name, size: data.size, modified: data.lastModified })
      const { type } = data
      const meta = metaOf({ name, wishes }) as FileMeta
      const id =
        known?.id ?? uppy.addFile({ source: 'console', name: baseName(name), type, data, meta })
      await uppy.retryUpload(id)
    },
    /** Twice the same is once. */
    setPaused(file: FileIdentity, paused: boolean): void {
      const found = find(file)
      if (found && (found.isPaused ?? false) !== paused) uppy.pauseResume(found.id)
    },
    async retry(file: FileIdentity): Promise<void> {
      const found = find(file)
      if (!found) throw new Error(`${file.name} is no longer there. Choose it again.`)
      await uppy.retryUpload(found.id)
    },
    /** Stops sending it, too. */
    remove(file: FileIdentity): void {
      const found = find(file)
      if (found) uppy.removeFile(found.id)
    },
    setDark(dark: boolean): void {
      uppy.getPlugin('Dashboard')?.setOptions({ theme: dark ? 'dark' : 'light' })
    },
    /** Stops; what was begun stays on the server. */
    destroy(): void {
      ended.abort()
      // First, because Uppy begins by cancelling all, which would end the uploads on the server.
      const partway = uppy.getPlugin('Partway')
      if (partway) uppy.removePlugin(partway)
      uppy.destroy()
    },
  }
}

/** With the path it had, which is part of what the client remembers it by. */
const metaOf = ({ name, wishes }: Prepared): Partial<FileMeta> => ({
  wishes,
  ...(name === baseName(name) ? {} : { relativePath: name }),
})

/** As the client names it: see `fromBlob` in the plugin. */
function identityOf({ name, meta, data }: Pick<File_, 'name' | 'meta' | 'data'>): FileIdentity {
  const { size, lastModified } = data as File
  return { name: String(meta.relativePath || name), size, modified: lastModified }
}
