import { open } from 'node:fs/promises'

const READ_SIZE = 256 * 1024

/** `length` bytes of a file from `start`. @throws Error when the file is shorter */
export async function* readSlice(
  path: string,
  start: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r')
  try {
    let position = start
    const end = start + length
    while (position < end) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_SIZE, end - position))
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position)
      if (bytesRead === 0) throw new Error(`${path} is shorter than it should be`)
      yield buffer.subarray(0, bytesRead)
      position += bytesRead
    }
  } finally {
    await file.close()
  }
}
