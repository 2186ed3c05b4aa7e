import { fileKey } from '../lib/unfinished.ts'

/** Handles of files that were chosen or dropped in this tab, by what the files look like. */
const known = new Map<string, FileSystemFileHandle>()
let reading: Promise<unknown> = Promise.resolve()

export const canPick = () => typeof window.showOpenFilePicker === 'function'

/** Files by the browser's picker, with their handles. Nothing when it was closed. */
export async function pickFiles(): Promise<File[]> {
  const handles = await window.showOpenFilePicker!({ multiple: true }).catch((error) => {
    if ((error as Error).name === 'AbortError') return []
    throw error
  })
  return Promise.all(handles.map(note))
}

/** To be called while the event is dispatched: afterwards browsers give nothing any more. */
export function noteDropped(items: DataTransferItemList): void {
  const found = Array.from(items).flatMap((item) =>
    item.kind === 'file' ? (item.getAsFileSystemHandle?.() ?? []) : [],
  )
  reading = Promise.all([reading, ...found.map(async (handle) => walk(await handle))]).catch(
    // Without a handle a file has to be chosen again; it can be sent all the same.
    () => {},
  )
}

export function forgetHandles(): void {
  known.clear()
}

export async function handleOf(file: {
  name: string
  size: number
  modified: number
}): Promise<FileSystemFileHandle | undefined> {
  await reading
  return known.get(fileKey(file))
}

/** The file of a handle, once the browser's question is answered. Called by a click. */
export async function openHandle(handle: FileSystemFileHandle): Promise<File> {
  const permission = await handle.requestPermission?.({ mode: 'read' })
  if (permission === 'denied' || permission === 'prompt') {
    throw new Error('The browser was not allowed to read the file.')
  }
  return handle.getFile()
}

async function note(handle: FileSystemFileHandle): Promise<File> {
  const file = await handle.getFile()
  known.set(fileKey({ name: file.name, size: file.size, modified: file.lastModified }), handle)
  return file
}

async function walk(handle: FileSystemHandle | null): Promise<void> {
  if (handle?.kind === 'file') await note(handle as FileSystemFileHandle)
  if (handle?.kind !== 'directory') return
  for await (const inner of (handle as FileSystemDirectoryHandle).values()) await walk(inner)
}
