import { type FileHandle, open } from 'node:fs/promises'

/** Makes what happened in a folder — files created, renamed, removed — survive a power loss. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Writes all the pieces at the file's position; `writev` alone may stop short. */
export async function writeAll(file: FileHandle, pieces: Uint8Array[]): Promise<void> {
  let left = pieces
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left)
    while (left.length > 0 && bytesWritten >= left[0]!.byteLength) {
      bytesWritten -= left[0]!.byteLength
      left = left.slice(1)
    }
    if (bytesWritten > 0) left = [left[0]!.subarray(bytesWritten), ...left.slice(1)]
  }
}
