import { rmSync } from 'node:fs'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// What a run started or made goes with it, also when it is interrupted.

const pending = new Set<() => void>()

process.on('exit', () => {
  // The last first: processes end before the folders they write to go.
  for (const undo of [...pending].reverse()) undo()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => process.exit(1))
}

/** Has `undo` called when this process ends, unless the returned function was called before. */
export function atExit(undo: () => void): () => void {
  pending.add(undo)
  return () => pending.delete(undo)
}

const TMPFS = 0x0102_1994
/** What the largest part keeps stored at once, with some room. */
const ROOM = 6 * 2 ** 30

/** Memory where there is enough of it, so that no disk takes part; else the system's own place. */
export async function benchRoot(): Promise<{ path: string; tmpfs: boolean }> {
  for (const path of ['/dev/shm', tmpdir()]) {
    const found = await statfs(path).catch(() => undefined)
    if (found && found.bavail * found.bsize >= ROOM) return { path, tmpfs: found.type === TMPFS }
  }
  throw new Error(`neither /dev/shm nor ${tmpdir()} has 6 GiB free`)
}

/** A folder that is gone afterwards: `await using`. */
export async function benchFolder() {
  const { path: root } = await benchRoot()
  const path = await mkdtemp(join(root, 'partway-bench-'))
  const options = { recursive: true, force: true, maxRetries: 5 }
  const forget = atExit(() => rmSync(path, options))
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, options)
      forget()
    },
  }
}
