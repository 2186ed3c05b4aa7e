declare module '*.css'

/** The same, without what no stream of ours has; it comes without declarations. */
declare module 'hls.js/light' {
  export { default } from 'hls.js'
}

// The File System Access API, where there is one: not in TypeScript's own declarations.
interface FileSystemHandle {
  queryPermission?(options: { mode: 'read' }): Promise<PermissionState>
  requestPermission?(options: { mode: 'read' }): Promise<PermissionState>
}
interface DataTransferItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>
}
interface Window {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>
}
