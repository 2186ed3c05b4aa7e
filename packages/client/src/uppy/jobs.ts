import type { Upload, UploadedAsset } from '../upload/types.ts'

/** The upload of one file. Of `stored` and `failed` at most one is called, once. */
export interface Job {
  start(): Upload
  stored(asset: UploadedAsset): void
  failed(error: Error): void
  /** It was taken out, and the server could not be told. */
  notEnded(error: Error): void
}

interface Entry extends Job {
  state: 'waiting' | 'running' | 'paused'
  upload: Upload | undefined
  /** The pause under way: going on has to wait for it. */
  pausing: Promise<unknown>
  ended: Promise<void>
  over(): void
}

/** Runs so many at once, in the order they came. A job that is paused lets the next one go. */
export function createJobs(limit: () => number) {
  const entries = new Map<string, Entry>()
  /** Over, and still on the server: they can be tried again, or taken out. */
  const failed = new Map<string, Entry>()

  function pump(): void {
    let running = 0
    for (const { state } of entries.values()) if (state === 'running') running += 1
    for (const [id, entry] of entries) {
      if (running >= limit()) return
      if (entry.state !== 'waiting') continue
      running += 1
      entry.state = 'running'
      if (entry.upload) void goOn(entry, entry.upload)
      else begin(id, entry)
    }
  }

  function begin(id: string, entry: Entry): void {
    let upload: Upload
    try {
      upload = entry.start()
    } catch (error) {
      end(id, entry, () => entry.failed(error as Error))
      return
    }
    entry.upload = upload
    upload.done().then(
      (asset) => end(id, entry, () => entry.stored(asset)),
      (error) =>
        end(id, entry, () => {
          failed.set(id, entry)
          entry.failed(error)
        }),
    )
  }

  async function goOn(entry: Entry, upload: Upload): Promise<void> {
    await entry.pausing
    if (entry.state === 'running') upload.resume()
  }

  function end(id: string, entry: Entry, tell: () => void): void {
    // What was taken out is nobody's concern any more.
    if (entries.get(id) !== entry) return
    entries.delete(id)
    tell()
    entry.over()
    pump()
  }

  /** Whoever calls it pumps once it has paused all it wants to: one that is about to be must not begin. */
  function halt(entry: Entry): void {
    if (entry.state === 'paused') return
    entry.state = 'paused'
    if (entry.upload) entry.pausing = Promise.all([entry.pausing, entry.upload.pause()])
  }

  function resume(id: string): void {
    const entry = entries.get(id)
    if (entry?.state !== 'paused') return
    entry.state = 'waiting'
    pump()
  }

  function remove(ids: string[]): void {
    const removed = ids.flatMap((id) => entries.get(id) ?? failed.get(id) ?? [])
    for (const id of ids) {
      entries.delete(id)
      failed.delete(id)
    }
    for (const { upload, notEnded, over } of removed) {
      upload?.abort().catch(notEnded)
      over()
    }
    pump()
  }

  return {
    /**
     * Resolves when the job is over, however it ended. One that is there already is not begun a
     * second time: it goes on.
     */
    run(id: string, job: Job): Promise<void> {
      const known = entries.get(id)
      if (known) {
        resume(id)
        return known.ended
      }
      const { promise: ended, resolve: over } = Promise.withResolvers<void>()
      failed.delete(id)
      const pausing = Promise.resolve()
      entries.set(id, { ...job, state: 'waiting', upload: undefined, pausing, ended, over })
      pump()
      return ended
    },
    pause(id: string): void {
      const entry = entries.get(id)
      if (entry) halt(entry)
      pump()
    },
    resume,
    pauseAll(): void {
      for (const entry of entries.values()) halt(entry)
    },
    resumeAll: () => [...entries.keys()].forEach(resume),
    /** Takes a job out and ends its upload on the server. */
    remove: (id: string) => remove([id]),
    removeAll: () => remove([...entries.keys(), ...failed.keys()]),
    /** Forgets all; they are not ended. */
    clear(): void {
      const all = [...entries.values()]
      entries.clear()
      failed.clear()
      for (const { over } of all) over()
    },
  }
}
