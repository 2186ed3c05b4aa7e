import type { Client } from '@partway/client'
import Partway, { type PartwayBody } from '@partway/client/uppy'
import Uppy, { type Meta, type UppyFile } from '@uppy/core'
import '@uppy/core/css/style.min.css'
import Dashboard from '@uppy/dashboard'
import '@uppy/dashboard/css/style.min.css'
import { baseName, type FileIdentity, type Unfinished, type Wishes } from '../lib/unfinished.ts'
import '../styles/uppy.css'
import { canPick, noteDropped, pickFiles } from './handles.ts'

interface FileMeta extends Meta {
  /** Settled when the file is sent for the first time. */
  wishes?: Wishes
}
type File_ = UppyFile<FileMeta, PartwayBody>

export interface EngineOptions {
  client: Client
  target: HTMLElement
  dark: boolean
  /** What is asked for with files that are sent from now on. */
  wishes(): Wishes
  /** For each file the upload it had before, where that can be gone on with. */
  earlier(files: readonly FileIdentity[]): Promise<(Unfinished | undefined)[]>
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
export function createEngine({ client, target, dark, wishes, ...asked }: EngineOptions) {
  const wishesOf = (file: File_) => file.meta.wishes ?? DEFAULT_WISHES
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

  uppy.addPreProcessor(async (ids) => {
    const now = wishes()
    const unsettled = uppy.getFilesByIds(ids).filter(({ meta }) => !meta.wishes)
    const earlier = await asked.earlier(unsettled.map(identityOf))
    for (const [i, { id }] of unsettled.entries()) {
      if (uppy.getState().files[id]) uppy.setFileMeta(id, metaOf(earlier[i] ?? { wishes: now }))
    }
  })

  const ended = new AbortController()
  const { signal } = ended
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
    pickFiles().then(add, (error) => asked.onProblem((error as Error).message))
  }
  target.addEventListener('click', onBrowse, { capture: true, signal })

  /** Those that were under way when the connection went. */
  let waiting: string[] = []
  const onOffline = () => {
    const running = uppy
      .getFiles()
      .filter(({ progress, isPaused, error }) => isUnderWay(progress) && !isPaused && !error)
    waiting = running.map(({ id }) => id)
    for (const id of waiting) uppy.pauseResume(id)
  }
  const onOnline = () => {
    for (const id of waiting) if (uppy.getState().files[id]?.isPaused) uppy.pauseResume(id)
    waiting = []
  }
  window.addEventListener('offline', onOffline, { signal })
  window.addEventListener('online', onOnline, { signal })

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
    async goOn(data: File, { name, wishes }: Unfinished): Promise<void> {
      const meta = metaOf({ name, wishes })
      const known = find({ name, size: data.size, modified: data.lastModified })
      if (known) uppy.setFileMeta(known.id, meta)
      const id =
        known?.id ??
        uppy.addFile({
          source: 'console',
          name: data.name,
          type: data.type,
          data,
          meta: meta as never,
        })
      await uppy.retryUpload(id)
    },
    togglePause: (file: FileIdentity) => withFile(file, (id) => uppy.pauseResume(id)),
    retry: (file: FileIdentity) => withFile(file, (id) => uppy.retryUpload(id)),
    /** Ends the upload on the server too. */
    remove: (file: FileIdentity) => withFile(file, (id) => uppy.removeFile(id)),
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

  function withFile(file: FileIdentity, act: (id: string) => unknown): void {
    const found = find(file)
    if (found) act(found.id)
  }
}

/** With the path it had, which is part of what the client remembers it by. */
const metaOf = ({ name = '', wishes }: { name?: string; wishes: Wishes }): Partial<FileMeta> => ({
  wishes,
  ...(name === baseName(name) ? {} : { relativePath: name }),
})

const isUnderWay = ({ uploadStarted, uploadComplete }: File_['progress']) =>
  uploadStarted !== null && !uploadComplete

/** As the client names it: see `fromBlob` in the plugin. */
function identityOf({ name, meta, data }: Pick<File_, 'name' | 'meta' | 'data'>): FileIdentity {
  const { size, lastModified } = data as File
  return { name: String(meta.relativePath || name), size, modified: lastModified }
}
